#include "tests/sim/audit.h"

#include "tests/sim/expect.h"

namespace fumi::sim {

Belief AuditedBox::belief() const {
  Belief out{name, id, validity, highest, {}};
  for (const auto& [uid, message] : messages)
    out.messages[uid] = message.flags;
  return out;
}

AuditedBox audit_box(ImapClient& imap, const std::string& name) {
  AuditedBox box;
  box.name = name;
  const std::string answer =
      imap("STATUS " + name + " (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ MAILBOXID)");
  expect(answer.starts_with("OK"), "STATUS of a mailbox that is listed");
  const std::string status = imap.lines().front();
  box.id = inside(status, "MAILBOXID (").value_or("");
  box.validity = std::uint32_t(value_of(status, "UIDVALIDITY ").value_or(0));
  box.uid_next = std::uint32_t(value_of(status, "UIDNEXT ").value_or(0));
  box.highest = value_of(status, "HIGHESTMODSEQ ").value_or(0);
  expect(imap.select(name, ImapClient::Access::examine), "EXAMINE of a mailbox that is listed");
  expect_same(imap.belief().box, box.id, "STATUS and EXAMINE tell one MAILBOXID");
  expect(imap.belief().validity == box.validity, "STATUS and EXAMINE tell one UIDVALIDITY");
  expect(imap.belief().highest == box.highest, "STATUS and EXAMINE tell one HIGHESTMODSEQ");
  expect(imap("UID FETCH 1:* (UID FLAGS MODSEQ EMAILID THREADID)").starts_with("OK"), "FETCH");
  std::uint64_t unseen = 0;
  for (const std::string& line : imap.lines()) {
    if (!line.contains(" FETCH (")) continue;
    AuditedMessage message{
        words_of(inside(line, "FLAGS (").value_or("")), value_of(line, "MODSEQ (").value_or(0),
        inside(line, "EMAILID (").value_or(""), inside(line, "THREADID (").value_or("")};
    expect_least(box.highest, message.modseq, "no MODSEQ is above HIGHESTMODSEQ");
    unseen += message.flags.contains("\\Seen") ? 0 : 1;
    const auto uid = std::uint32_t(value_of(line, "(UID ").value_or(0));
    expect(uid < box.uid_next, "UIDs are below UIDNEXT");
    expect(box.messages.empty() || uid > box.messages.rbegin()->first, "UIDs ascend");
    box.messages[uid] = std::move(message);
  }
  expect(box.messages.size() == value_of(status, "MESSAGES "), "MESSAGES is what FETCH tells");
  expect(unseen == value_of(status, "UNSEEN "), "UNSEEN is what FETCH tells");
  expect(imap.exists() == box.messages.size(), "EXISTS is what FETCH tells");
  imap.unselect();  // else the mailbox's end would be the session's
  return box;
}

Audit audit(ImapClient& imap) {
  expect(imap("LIST \"\" \"*\"").starts_with("OK"), "LIST");
  std::vector<std::string> names;
  for (const std::string& line : imap.lines()) {
    if (!line.starts_with("* LIST ")) continue;
    if (line.contains("\\Noselect") || line.contains("\\NonExistent")) continue;
    names.push_back(line.substr(line.find("\"/\" ") + 4));
  }
  Audit out;
  for (const std::string& name : names) {
    AuditedBox box = audit_box(imap, name);
    const std::string id = box.id;
    expect(out.emplace(id, std::move(box)).second, "each mailbox has a MAILBOXID of its own");
  }
  return out;
}

std::string text_of(const Audit& audit) {
  std::string out;
  for (const auto& [id, box] : audit) {
    out += box.name + " " + id + " " + std::to_string(box.validity) + " " +
           std::to_string(box.uid_next) + " " + std::to_string(box.highest) + ":";
    for (const auto& [uid, message] : box.messages)
      out += " " + std::to_string(uid) + " " + message.email + " " +
             std::to_string(message.modseq) + " (" + joined(message.flags) + ")";
    out += "\n";
  }
  return out;
}

void History::check(const Audit& audit) {
  for (const auto& [id, box] : audit) {
    const auto named = by_name_.emplace(std::pair(box.name, box.validity), id).first;
    expect_same(named->second, id, "RFC 9051 §2.3.1.1: a name gets no UIDVALIDITY twice");
    check(box, boxes_[{id, box.validity}]);
  }
}

void History::check(const AuditedBox& box, Box& before) {
  expect_least(box.uid_next, before.uid_next, "UIDNEXT never goes back");
  expect_least(box.highest, before.highest, "HIGHESTMODSEQ never goes back");
  for (const auto& [uid, message] : box.messages) {
    const auto known = before.messages.find(uid);
    if (known == before.messages.end()) {
      expect_least(uid, before.uid_next, "new mail gets a UID at or above UIDNEXT");
      expect(message.modseq > before.highest, "RFC 7162 §3.1.1: new mail has a new MODSEQ");
      continue;
    }
    expect_same(message.email, known->second.email, "a UID stays with its message");
    expect_least(message.modseq, known->second.modseq, "a message's MODSEQ never goes back");
    if (message.flags != known->second.flags)
      expect(message.modseq > before.highest, "RFC 7162 §3.1: a change gets a new MODSEQ");
  }
  for (auto& [uid, message] : before.messages)
    if (!box.messages.contains(uid)) message.modseq = UINT64_MAX;  // it may not come back
  for (const auto& [uid, message] : box.messages)
    before.messages[uid] = message;
  before.uid_next = box.uid_next;
  before.highest = box.highest;
}

}  // namespace fumi::sim
