// What a POP3 client does in a play.
#include <algorithm>

#include "tests/sim/expect.h"
#include "tests/sim/play.h"

namespace fumi::sim {

void Play::pop3_step(Random& random) {
  if (!pop3_) {
    const AuditedBox inbox = audit_box(*auditor_, "INBOX");
    const std::size_t chunk = random.once_in(2) ? 1 : 4'096;
    pop3_ = std::make_unique<Pop3Client>(site_, inbox, chunk);
    return;
  }
  pop3_->check_listing();
  const auto size = std::uint32_t(pop3_->uids().size());
  const std::uint32_t number = 1 + random.below(size + 1);
  switch (random.below(5)) {
    case 0:
    case 1:
      return pop3_->remove(number);
    case 2:
      return pop3_retrieve(number);
    case 3:
      return pop3_quit(random);
    default:
      return pop3_->reset();
  }
}

// What IMAP tells of a message, POP3 tells too, as long as it is there.
void Play::pop3_retrieve(std::uint32_t number) {
  const bool valid =
      number <= pop3_->uids().size() && !pop3_->removed().contains(pop3_->uids()[number - 1]);
  std::string subject;
  if (valid) {
    auditor_->select("INBOX", ImapClient::Access::examine);
    (*auditor_)("UID FETCH " + std::to_string(pop3_->uids()[number - 1]) + " (BODY.PEEK[HEADER])");
    for (const std::string& line : auditor_->lines())
      if (line.starts_with("Subject: ")) subject = line;
    auditor_->unselect();
  }
  const std::string told = pop3_->lines_of("RETR " + std::to_string(number));
  if (subject.empty()) {
    expect(told.starts_with("-ERR"), "RETR of what is not there");
  } else {
    expect(told.contains("\r\n" + subject + "\r\n"), "POP3 and IMAP tell one message");
  }
}

// RFC 1939 §6: QUIT removes all that is marked, in one step; a connection that just ends nothing.
void Play::pop3_quit(Random& random) {
  const bool politely = !random.once_in(3);
  const Belief before = audit_box(*auditor_, "INBOX").belief();
  Belief after = before;
  for (const std::uint32_t uid : pop3_->removed())
    after.messages.erase(uid);
  bool done = false;
  if (politely) {
    const bool fails = random.once_in(4);
    if (fails) site_.w.faults.arm(1 + random.below(3));
    done = (*pop3_)("QUIT").starts_with("+OK");
    expect(done || fails, "QUIT");
    site_.w.faults.arm(0);
  }
  pop3_->hang_up();
  pop3_.reset();
  // The lock goes with the session, which ends when it has seen the end of its stream.
  for (int i = 0; i < 100 && !site_.maildrop_is_free(); ++i)
    (*auditor_)("NOOP");
  expect_same(text_of(audit_box(*auditor_, "INBOX").belief().messages),
              text_of((done ? after : before).messages), "QUIT removes what was marked");
}

}  // namespace fumi::sim
