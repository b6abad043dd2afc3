#include "tests/sim/imap_client.h"

#include <algorithm>

#include "tests/sim/expect.h"

namespace fumi::sim {

ImapClient::ImapClient(Site& site, std::string name, std::size_t chunk)
    : site_(site), name_(std::move(name)), peer_(site.imap(chunk)) {
  peer_->until("* OK");
  const std::string answer = (*this)("LOGIN " + kHanako + " \"" + kPassword + "\"");
  expect(answer.starts_with("OK"), "an IMAP client can log in");
  expect((*this)("ENABLE QRESYNC").starts_with("OK"), "QRESYNC can be enabled");
}

std::string ImapClient::operator()(const std::string& command) {
  start(command);
  return finish();
}

void ImapClient::start(const std::string& command) {
  tag_ = "t" + std::to_string(++count_);
  busy_ = true;
  site_.transcript.add(name_, ">", tag_ + " " + command);
  peer_->say(tag_ + " " + command + "\r\n");
}

void ImapClient::idle() {
  start("IDLE");
  idles_ = true;
}

std::string ImapClient::finish() {
  lines_.clear();
  busy_ = false;
  if (std::exchange(idles_, false)) {
    site_.transcript.add(name_, ">", "DONE");
    peer_->say("DONE\r\n");
  }
  const std::string answer = peer_->until(tag_ + " ");
  site_.transcript.add(name_, "<", answer);
  for (std::size_t at = 0; at < answer.size();) {
    const std::size_t end = std::min(answer.find("\r\n", at), answer.size());
    lines_.push_back(answer.substr(at, end - at));
    hear(lines_.back());
    at = end + 2;
  }
  silent_.reset();
  // A number of new messages says nothing about them yet.
  if (belief_.messages.size() == exists_) belief_.highest = told_highest_;
  if (!peer_->ended() && !lines_.empty() && lines_.back().starts_with(tag_ + " "))
    return lines_.back().substr(tag_.size() + 1);
  dead_ = true;
  expect(answer.contains("* BYE "), "a server that closes says BYE first");
  return {};
}

bool ImapClient::enter(const std::string& command, Belief known) {
  const Belief before = std::move(known);
  belief_ = before;
  belief_.validity = 0;
  belief_.highest = 0;
  told_highest_ = 0;
  exists_ = 0;
  looked_ = 0;
  selected_ = (*this)(command).starts_with("OK");
  if (!selected_) return false;
  expect(belief_.validity != 0, "SELECT tells UIDVALIDITY");
  if (belief_.validity == before.validity && before.validity != 0) {
    // Nothing is left to ask for.
    expect_same(belief_.box, before.box, "RFC 8474 §4: the MAILBOXID stays");
    expect_least(told_highest_, before.highest, "HIGHESTMODSEQ never goes back");
    expect(belief_.messages.size() == exists_, "QRESYNC tells all that EXISTS counts");
    if (!belief_.messages.empty()) looked_ = belief_.messages.rbegin()->first;
    return true;
  }
  belief_.messages.clear();
  look();
  return true;
}

bool ImapClient::select(const std::string& mailbox, Access access) {
  Belief nothing;
  nothing.name = mailbox;
  return enter((access == Access::select ? "SELECT " : "EXAMINE ") + mailbox, nothing);
}

bool ImapClient::resync(const Belief& known, Access access, const std::string& more) {
  const std::string since = std::to_string(known.validity) + " " +
                            std::to_string(std::max<std::uint64_t>(known.highest, 1)) + more;
  return enter((access == Access::select ? "SELECT " : "EXAMINE ") + known.name + " (QRESYNC (" +
                   since + "))",
               known);
}

void ImapClient::unselect() {
  (*this)("UNSELECT");
  selected_ = false;
}

void ImapClient::look() {
  if (exists_ > 0) (*this)("UID FETCH " + std::to_string(looked_ + 1) + ":* (UID FLAGS MODSEQ)");
  if (!belief_.messages.empty()) looked_ = std::max(looked_, belief_.messages.rbegin()->first);
}

void ImapClient::hear(const std::string& line) {
  if (const auto id = inside(line, "* OK [MAILBOXID (")) belief_.box = *id;
  if (const auto value = value_of(line, "* OK [UIDVALIDITY "))
    belief_.validity = std::uint32_t(*value);
  if (const auto modseq = value_of(line, "[HIGHESTMODSEQ ")) {
    expect_least(*modseq, told_highest_, "HIGHESTMODSEQ never goes back");
    told_highest_ = *modseq;
  }
  if (!line.starts_with("* ")) return;
  if (line.starts_with("* VANISHED ")) return vanish(line);
  if (line.ends_with(" EXISTS")) exists_ = number_at(line.substr(2));
  if (line.contains(" FETCH (")) fetch(line);
}

void ImapClient::fetch(std::string_view line) {
  const auto uid = value_of(line, "UID ");
  expect(uid.has_value(), "RFC 7162 §3.2.3: a client with QRESYNC is told the UID");
  const auto flags = inside(line, "FLAGS (");
  Words& known = belief_.messages[std::uint32_t(*uid)];
  if (flags) {
    known = words_of(*flags);
  } else if (silent_) {
    if (silent_->first == ' ') known.clear();
    for (const std::string& flag : silent_->second)
      silent_->first == '-' ? void(known.erase(flag)) : void(known.insert(flag));
  }
}

void ImapClient::vanish(std::string_view line) {
  for (const auto& [first, last] : ranges_of(line.substr(line.rfind(' ') + 1))) {
    const auto is_gone = [&](const auto& each) {
      return each.first >= first && each.first <= last;
    };
    std::erase_if(belief_.messages, is_gone);
    if (line.contains("(EARLIER)")) continue;
    expect_least(exists_, std::uint64_t(last - first) + 1, "no more vanishes than there was");
    exists_ -= last - first + 1;
  }
}

}  // namespace fumi::sim
