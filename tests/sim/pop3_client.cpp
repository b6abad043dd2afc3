#include "tests/sim/pop3_client.h"

#include "tests/sim/expect.h"

namespace fumi::sim {

Pop3Client::Pop3Client(Site& site, const AuditedBox& inbox, std::size_t chunk)
    : site_(site), peer_(site.pop3(chunk)), validity_(inbox.validity) {
  peer_->until("+OK");
  expect((*this)("USER " + kHanako).starts_with("+OK"), "USER");
  expect((*this)("PASS " + kPassword).starts_with("+OK"), "a POP3 client can log in");
  for (const auto& [uid, message] : inbox.messages)
    uids_.push_back(uid);
  check_listing();
}

std::string Pop3Client::operator()(const std::string& command) {
  site_.transcript.add("pop3", ">", command);
  peer_->say(command + "\r\n");
  std::string answer = peer_->hear([](const std::string& text) { return text.ends_with("\r\n"); });
  site_.transcript.add("pop3", "<", answer);
  return answer;
}

std::string Pop3Client::lines_of(const std::string& command) {
  site_.transcript.add("pop3", ">", command);
  peer_->say(command + "\r\n");
  std::string answer = peer_->hear([](const std::string& text) {
    return text.ends_with(text.starts_with("+") ? "\r\n.\r\n" : "\r\n");
  });
  site_.transcript.add("pop3", "<", answer);
  return answer;
}

void Pop3Client::remove(std::uint32_t number) {
  const bool there = number <= uids_.size() && !removed_.contains(uids_[number - 1]);
  const bool done = (*this)("DELE " + std::to_string(number)).starts_with("+OK");
  expect(done == there, "RFC 1939 §5: DELE marks what is there and not marked yet");
  if (done) removed_.insert(uids_[number - 1]);
}

void Pop3Client::reset() {
  expect((*this)("RSET").starts_with("+OK"), "RSET");
  removed_.clear();
}

void Pop3Client::check_listing() {
  std::string expected;
  std::size_t count = 0;
  for (std::size_t i = 0; i < uids_.size(); ++i) {
    if (removed_.contains(uids_[i])) continue;
    ++count;
    expected += std::to_string(i + 1) + " " + std::to_string(validity_) + "-" +
                std::to_string(uids_[i]) + "\r\n";
  }
  const std::string told = lines_of("UIDL");
  expect_same(told.substr(told.find("\r\n") + 2), expected + ".\r\n",
              "RFC 1939 §3: the maildrop is as it was at the login");
  expect((*this)("STAT").starts_with("+OK " + std::to_string(count) + " "), "STAT counts as UIDL");
}

}  // namespace fumi::sim
