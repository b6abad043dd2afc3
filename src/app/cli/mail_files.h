// Mail in files: where `fumi mail import` takes it from and `fumi mail export` puts it.
//
// An mbox file is one mailbox; a folder of them is an account, "Sent/2026.mbox" the mailbox
// "Sent/2026". A Maildir is a Maildir++ with dovecot-keywords. Symbolic links are not followed, and
// nothing outside the named folder is touched: names of mailboxes are escaped ("%2E", "%25").
// A ZIP holds "Sent/2026/000001 subject.eml", one file a message, and "manifest.jsonl", which tells
// of each its mailbox, flags and date, as a line of api/mail_stream.h with a member "file"; without
// it all .eml files come by their folders. Names are fit for Windows, the octets are the mail's.
// Blocking; one thread. Private to the module.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/mail_item.h"

namespace fumi::app {

class MailSource {
 public:
  virtual ~MailSource() = default;
  // The next message or mailbox; nullopt: the end.
  virtual Result<std::optional<MailItem>> next() = 0;
  // Messages that are over the limit of 64 MiB and were left out.
  [[nodiscard]] virtual std::uint64_t too_large() const = 0;
};

class MailSink {
 public:
  virtual ~MailSink() = default;
  virtual Status put(const MailItem& item) = 0;
  virtual Status finish() = 0;  // all is on disk when it returns; without it nothing may be
};

// `folder`: the mailbox of a single file or of the Maildir's root; "" is INBOX.
[[nodiscard]] Result<std::unique_ptr<MailSource>> open_mbox(const std::string& path,
                                                            const std::string& folder);
[[nodiscard]] Result<std::unique_ptr<MailSource>> open_maildir(const std::string& path,
                                                               const std::string& folder);
// `folder`: the mailbox of files that lie in no folder and no manifest. What a hostile archive may
// cost is bounded: ZipReader.
[[nodiscard]] Result<std::unique_ptr<MailSource>> open_zip(const std::string& path,
                                                           const std::string& folder);
// What other programs call the mailboxes that everybody has.
[[nodiscard]] MailboxRole role_of_name(std::string_view mailbox);

enum class MboxShape { file, folder };
// Written beside its name with ".part" and renamed by finish(). conflict: `path` is there already.
[[nodiscard]] Result<std::unique_ptr<MailSink>> create_mbox(const std::string& path,
                                                            MboxShape shape);
// Written beside its name and renamed by finish(), as an mbox. conflict: `path` is there already.
[[nodiscard]] Result<std::unique_ptr<MailSink>> create_zip(const std::string& path);
// May be there: what it holds is not written again.
[[nodiscard]] Result<std::unique_ptr<MailSink>> create_maildir(const std::string& path);

}  // namespace fumi::app
