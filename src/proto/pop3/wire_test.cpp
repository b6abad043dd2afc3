// Runs tests/wire/pop3/*.t in memory against the engine and the fake host; the format is described
// in tests/wire/pop3/README.md. The same scripts run over TCP against the server.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/source_dir.h"
#include "proto/pop3/fake_host.h"

namespace fumi::pop3 {
namespace {

struct Connection {
  std::unique_ptr<fake::Session> session;
  std::vector<std::string> lines;  // received, not yet expected
  std::string partial;

  void take(std::string_view octets) {
    partial += octets;
    for (std::size_t at; (at = partial.find("\r\n")) != std::string::npos;) {
      lines.push_back(partial.substr(0, at));
      partial.erase(0, at + 2);
    }
  }
};

// "*" is anything; "\*" is an asterisk. "${name=}" takes what is there up to the next octet of the
// pattern; "${name}" is what was taken.
bool matches(std::string_view pattern, std::string_view text,
             std::map<std::string, std::string>& variables) {
  if (pattern.empty()) return text.empty();
  if (pattern.starts_with("${")) {
    const std::size_t end = pattern.find('}');
    const std::string name(pattern.substr(2, end - 3));
    const std::string_view rest = pattern.substr(end + 1);
    const std::string_view value = text.substr(0, rest.empty() ? text.size() : text.find(rest[0]));
    variables[name] = value;
    return matches(rest, text.substr(value.size()), variables);
  }
  if (pattern[0] == '*') {
    for (std::size_t n = 0; n <= text.size(); ++n) {
      if (matches(pattern.substr(1), text.substr(n), variables)) return true;
    }
    return false;
  }
  if (pattern.starts_with("\\*")) pattern.remove_prefix(1);
  return !text.empty() && text[0] == pattern[0] &&
         matches(pattern.substr(1), text.substr(1), variables);
}

class Script {
 public:
  Script(const std::filesystem::path& path, std::size_t chunk)
      : name_(path.filename().string()), chunk_(chunk) {
    options_->greeting = "ready";
    options_->mechanisms = {"PLAIN", "LOGIN"};
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);)
      lines_.push_back(line);
  }

  void run() {
    for (std::size_t i = 0; i < lines_.size() && !failed_; ++i) {
      number_ = i + 1;
      if (!lines_[i].empty() && lines_[i].front() != '#') step(lines_[i]);
    }
    send();
    for (const auto& [id, connection] : connections_) {
      if (!connection.lines.empty()) fail("not expected: " + connection.lines.front());
    }
  }

 private:
  void fail(const std::string& why) {
    failed_ = true;
    FAIL_CHECK(name_ << ":" << number_ << " (chunks of " << chunk_ << "): " << why);
  }

  Connection& connection(const std::string& id) {
    Connection& c = connections_[id];
    if (!c.session) {
      c.session = std::make_unique<fake::Session>(account_, options_, channel_);
      c.take(c.session->talk(""));
    }
    return c;
  }

  // What was gathered since the last line that was expected: one pipelined group.
  void send() {
    for (auto& [id, octets] : std::exchange(gathered_, {})) {
      Connection& c = connection(id);
      for (std::size_t at = 0; at < octets.size(); at += chunk_)
        c.take(c.session->talk(std::string_view(octets).substr(at, chunk_)));
    }
  }

  void expect(Connection& c, std::string pattern, bool skipping) {
    for (const auto& [name, value] : variables_) {
      const std::string key = "${" + name + "}";
      for (std::size_t at; (at = pattern.find(key)) != std::string::npos;)
        pattern.replace(at, key.size(), value);
    }
    while (!c.lines.empty()) {
      const std::string got = c.lines.front();
      const bool good = matches(pattern, got, variables_);
      if (!good && !skipping) return fail("expected \"" + pattern + "\", got \"" + got + "\"");
      c.lines.erase(c.lines.begin());
      if (good) return;
    }
    fail("expected \"" + pattern + "\", got nothing");
  }

  void step(const std::string& line) {
    const std::size_t colon = line.find(':');
    const std::string head = line.substr(0, colon);
    const std::string text = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    const bool numbered = head.size() > 1 && head[1] >= '0' && head[1] <= '9';
    const std::string id = numbered ? head.substr(1, 1) : "1";
    if (head == "OPTION") return option(text);
    if (head.front() == 'C') {
      gathered_[id] += text + (head.back() == '-' ? "" : "\r\n");
      return;
    }
    send();
    if (head.front() == 'S') {
      expect(connection(id), text, head.back() == '~');
    } else if (head.front() == 'X') {
      if (!connection(id).session->closed()) fail("expected the connection to close");
    } else if (head.front() != 'T') {  // TLS: the fake host has answered StartTls
      fail("bad line");
    }
  }

  void option(const std::string& text) {
    const std::string number = text.substr(text.find(' ') + 1);
    if (text == "tls") {
      channel_ = Channel::tls;
    } else if (text == "plaintext") {
      options_->plaintext = Plaintext::allow;
    } else if (text == "refuse-utf8") {
      account_->utf8_headers = fake::Utf8Headers::refuse;
    } else if (text.starts_with("bad_commands ")) {
      options_->limits.bad_commands = std::stoul(number);
    } else if (text.starts_with("login_delay ")) {
      options_->login_delay_s = static_cast<std::uint32_t>(std::stoul(number));
    } else if (text.starts_with("expire ")) {
      options_->expire_days = static_cast<std::uint32_t>(std::stoul(number));
    } else {
      fail("unknown option");
    }
  }

  std::string name_;
  std::size_t chunk_;
  std::shared_ptr<fake::Account> account_ = std::make_shared<fake::Account>();
  std::shared_ptr<Options> options_ = std::make_shared<Options>();
  Channel channel_ = Channel::clear;
  std::vector<std::string> lines_;
  std::size_t number_ = 0;
  bool failed_ = false;
  std::map<std::string, std::string> gathered_;
  std::map<std::string, Connection> connections_;
  std::map<std::string, std::string> variables_;
};

TEST_CASE("wire scripts, in any chunking") {
  std::vector<std::filesystem::path> scripts;
  for (const auto& entry :
       std::filesystem::directory_iterator(fumi::testing::source_dir() / "tests/wire/pop3")) {
    if (entry.path().extension() == ".t") scripts.push_back(entry.path());
  }
  std::ranges::sort(scripts);
  REQUIRE(scripts.size() > 20);
  for (const auto& path : scripts) {
    // STLS throws away what is behind it in the same read: there chunking does matter.
    const bool whole_only = path.filename() == "stls_injection.t";
    for (const std::size_t chunk : {std::size_t{1'000'000}, std::size_t{1}, std::size_t{7}}) {
      if (!whole_only || chunk > 1'000) Script(path, chunk).run();
    }
  }
}

}  // namespace
}  // namespace fumi::pop3
