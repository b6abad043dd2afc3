// AttachmentTextStore: the text of a mail's attached files, once extracted, and which mails wait
// for theirs. Service/search's business; here the text is sealed octets beside the mail.
//
// A mail is wanted, claimed by whoever extracts, put, and at last marked as indexed. What is kept
// goes with the mail. Another tenant's or account's mail isn't found by any of these.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/ids.h"

namespace fumi {

struct AttachmentTask {
  EmailId email;
  std::uint32_t attempts = 0;  // this one included
};

struct AttachmentText {
  std::string body;          // service/search's form
  std::uint32_t unread = 0;  // files that were not read wholly
};

struct AttachmentProgress {
  std::uint64_t waiting = 0;  // mails whose files' text isn't in the index yet
  std::uint64_t unread = 0;   // files that were not read wholly, of all that were tried
};

// An account with mail that nobody works on.
struct AttachmentBacklog {
  TenantId tenant;
  AccountId account;
  Instant since;  // when the oldest of it was first wanted, or given up by whoever had it
};

class AttachmentTextStore {
 public:
  virtual ~AttachmentTextStore() = default;

  // Their text is to be extracted; without effect for mail that is gone, wanted or done already.
  virtual Status want(AccountId account, std::span<const EmailId> emails) = 0;
  // Mails that nobody works on, now claimed until `until`; not put by then they are claimed again.
  virtual Result<std::vector<AttachmentTask>> claim(AccountId account, Instant now, Instant until,
                                                    std::uint32_t limit) = 0;
  // Replaces what there was; without effect if the mail has gone meanwhile.
  virtual Status put(AccountId account, EmailId email, const AttachmentText& text) = 0;
  // It has no such files after all: neither wanted nor kept any more.
  virtual Status dismiss(AccountId account, EmailId email) = 0;
  // The body that was put. corrupt: it is there and can't be opened.
  virtual Result<std::optional<std::string>> find(AccountId account, EmailId email) = 0;
  // Those put but not yet indexed, ascending.
  virtual Result<std::vector<EmailId>> unindexed(AccountId account, std::uint32_t limit) = 0;
  virtual Status mark_indexed(AccountId account, std::span<const EmailId> emails) = 0;
  virtual Result<AttachmentProgress> progress(AccountId account) = 0;
};

}  // namespace fumi
