// Mail at somebody else's IMAP server, as a source of `fumi mail import`. Private to the module.
//
// Each mailbox is opened read-only (EXAMINE, BODY.PEEK): nothing changes there. What the account
// has had already is asked of the Fumi server (KnownUids) and is not fetched again. A connection
// that breaks is made anew, a few times, and goes on at the messages that were on their way. A
// message that the server doesn't give is a problem that is told at the end, and the rest goes on.
// Memory: a batch of some 8 MiB and its messages' UIDs. Blocking; one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/cli/imap_session.h"
#include "app/cli/mail_files.h"

namespace fumi::app {

struct ImapImport {
  ImapServer server;
  std::vector<std::string> only, except;   // mailboxes, as the server names them, in UTF-8
  std::map<std::string, std::string> map;  // to what they are to be called here
  enum class Flags : std::uint8_t { once, sync };
  Flags flags = Flags::once;  // sync: tell the flags of what came before, too
  std::uint32_t mails_per_second = 0;
};

struct KnownUids {
  std::uint32_t uid_validity = 0;
  std::string uids;  // "1:5,9"
};

class ImapSource : public MailSource {
 public:
  static constexpr std::size_t kMessagesMax = 5'000'000;  // in a mailbox
  static constexpr std::size_t kBatchMails = 100;
  static constexpr std::uint64_t kBatchOctets = 8U << 20U;
  static constexpr std::size_t kProblemsMax = 1000;
  static constexpr int kReconnectsMax = 5;

  struct Problem {
    std::string folder;
    std::uint32_t uid = 0;  // 0: the whole mailbox
    std::string why;
  };
  // Where it is, for a person who looks on. The times are the caller's to make of it.
  struct Position {
    std::string folder;
    std::size_t folder_number = 0, folders = 0;
    std::uint64_t done = 0, mails = 0;  // in this mailbox, of those that are to come
  };
  // Asked once a mailbox; an error ends the import.
  using AskKnown = std::function<Result<KnownUids>(const std::string& folder)>;

  // Connects, logs in and lists. not_found: `only` names a mailbox that isn't there.
  [[nodiscard]] static Result<std::unique_ptr<ImapSource>> open(ImapImport import, AskKnown known);

  [[nodiscard]] virtual const std::vector<Problem>& problems() const = 0;  // the first kProblemsMax
  [[nodiscard]] virtual std::uint64_t problem_count() const = 0;
  [[nodiscard]] virtual Position position() const = 0;
};

// "INBOX.Sent.2026" with "." between levels and the prefix "INBOX." becomes "Sent/2026".
[[nodiscard]] std::string name_of_mailbox(const imap::ListedMailbox& mailbox,
                                          const std::string& personal_prefix);

}  // namespace fumi::app
