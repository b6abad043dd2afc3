// The consistency check behind `fumi store check`: what rows must agree on, and whether they do.
//
// Findings have stable names, which documents and tests use:
//   mailbox-counts      total, unseen, deleted or octets differ from the entries
//   mailbox-uid-next    an entry's UID isn't below the mailbox's next UID
//   mailbox-modseq      an entry's change is above the mailbox's or the account's
//   account-used        used octets differ from the emails'
//   account-inbox       the account has no inbox, or names another one
//   entry-mailbox       an entry of a mailbox that isn't there
//   entry-email         an entry without its email
//   entry-place         an entry that can't be found from its email
//   email-entries       an email without entries
//   email-blob          an email whose blob isn't there
//   queue-blob          a spooled message whose blob isn't there
//   queue-recipients    a spooled message without all of its recipients, or a recipient without it
//   queue-waiting       a spooled message's count of waiting recipients is wrong
//   sealed              a sealed column that doesn't open
//   chain               a record was changed, or is missing
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/blob_ref.h"
#include "domain/ids.h"
#include "store/mail/store.h"

namespace fumi::store {

struct Finding {
  std::string name;  // from the list above
  TenantId tenant;
  std::string detail;  // ids and numbers; never personal data
};

struct CheckReport {
  std::uint64_t tenants = 0;
  std::uint64_t entries = 0;
  std::uint64_t emails = 0;
  std::uint64_t queued = 0;
  std::vector<Finding> findings;  // at most kFindingsMax
  std::uint64_t findings_total = 0;
};

inline constexpr std::size_t kFindingsMax = 1000;

// May be empty: then blobs aren't looked up. Blocks; called from the check's thread.
using BlobExists = std::function<Result<bool>(TenantId tenant, const BlobRef& blob)>;

// Reads one snapshot and changes nothing. Blocks for as long as it takes to read every row.
[[nodiscard]] Result<CheckReport> check_store(SqlStore& store, const BlobExists& blob_exists);

}  // namespace fumi::store
