// Search: answers a SearchQuery, completely and exactly.
//
//   Result<std::vector<SearchHit>> hits = co_await search.run(who, {{inbox}, Unit::entry}, query);
//
// What lies where, flags, sizes and dates come from the mailboxes' shared indexes
// (service/mailbox). Text is compared folded (codec/fold.h). What these and the search index can't
// decide is decided by reading the mail, so the answer never depends on how far the index is.
// Another account's or tenant's mailboxes are not_found. Any thread; each call stays on its
// caller's executor.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "base/task.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "service/mailbox/mailboxes.h"
#include "service/search/query.h"

namespace fumi::service {

struct SearchScope {
  std::vector<MailboxId> mailboxes;  // none: all of the account
  // entry: each place of a message is asked, and found, by itself, as IMAP does.
  // email: a message is found once; a condition on flags, mailboxes and the like holds if it holds
  // for one of its places in the scope, as JMAP has it.
  enum class Unit : std::uint8_t { entry, email } unit = Unit::entry;
  // Ascending; others are neither asked nor read. nullopt: any. Their number has no limit here.
  std::optional<std::vector<EmailId>> emails = std::nullopt;
};

struct SearchHit {
  MailboxId mailbox;
  Entry entry;  // of Unit::email the first in the order of mailboxes
};

class Search {
 public:
  Search(Store& store, Mailboxes& mailboxes, BlobStore& blobs, Runtime& runtime,
         SearchLimits limits = {})
      : store_(store), mailboxes_(mailboxes), blobs_(blobs), runtime_(runtime), limits_(limits) {}

  // Called between batches of mail that must be read; false: nobody waits for the answer any more.
  using Progress = std::function<Task<bool>(std::uint64_t read, std::uint64_t to_read)>;

  // In the order of the scope's mailboxes (of the store, if it names none), and of UIDs there.
  // too_large, invalid: as check() says. rate_limited: too much work at a time; try later.
  // peer_gone: `progress` said so.
  Task<Result<std::vector<SearchHit>>> run(MailAccount who, SearchScope scope, SearchQuery query,
                                           Progress progress = {});

  // Mails that had to be read to decide on them, ever: for metrics.
  [[nodiscard]] std::uint64_t mails_read() const { return mails_read_.load(); }

 private:
  struct Job;
  Task<Status> look_into(Job& job, const Progress& progress);
  Task<Status> look_into_some(Job& job, std::vector<std::size_t> items);

  Store& store_;
  Mailboxes& mailboxes_;
  BlobStore& blobs_;
  Runtime& runtime_;
  SearchLimits limits_;
  std::atomic<std::uint64_t> mails_read_{0};
};

}  // namespace fumi::service
