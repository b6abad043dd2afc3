// Runs tests/wire/imap/*.t in memory against the engine and the fake host; the format is described
// in tests/wire/imap/README.md. The same scripts run over TCP against the server.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/ascii.h"
#include "base/source_dir.h"
#include "proto/imap/detail/commands.h"
#include "proto/imap/fake_host.h"

namespace fumi::imap {
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

// Glob: "*" is anything, but a leading "* " is itself; "\*" and "\\" are literal. "${name=}" takes
// what is there up to the next octet of the pattern; "${name}" is what was taken.
class Glob {
 public:
  Glob(std::string pattern, std::map<std::string, std::string>& variables)
      : pattern_(std::move(pattern)), variables_(variables) {}

  bool matches(std::string_view text) { return at(0, text, true); }

 private:
  bool at(std::size_t i, std::string_view text, bool start) {
    if (i == pattern_.size()) return text.empty();
    const char c = pattern_[i];
    if (pattern_.compare(i, 2, "${") == 0) return capture(i, text);
    if (c == '*' && !(start && pattern_.compare(0, 2, "* ") == 0)) {
      for (std::size_t n = 0; n <= text.size(); ++n) {
        if (at(i + 1, text.substr(n), false)) return true;
      }
      return false;
    }
    const std::size_t skip =
        c == '\\' && i + 1 < pattern_.size() && (pattern_[i + 1] == '*' || pattern_[i + 1] == '\\')
            ? 1
            : 0;
    return !text.empty() && text.front() == pattern_[i + skip] &&
           at(i + skip + 1, text.substr(1), false);
  }

  bool capture(std::size_t i, std::string_view text) {
    const std::size_t end = pattern_.find('}', i);
    const std::string name = pattern_.substr(i + 2, end - i - 3);
    const char stop = end + 1 < pattern_.size() ? pattern_[end + 1] : '\0';
    const std::string_view value = text.substr(0, text.find(stop));
    variables_[name] = value;
    return at(end + 1, text.substr(value.size()), false);
  }

  std::string pattern_;
  std::map<std::string, std::string>& variables_;
};

class Script {
 public:
  Script(const std::filesystem::path& path, std::size_t chunk)
      : name_(path.filename().string()),
        chunk_(chunk),
        account_(std::make_shared<fake::Account>()) {
    options_ = std::make_shared<Options>();
    options_->greeting = "ready";
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);)
      lines_.push_back(line);
  }

  void run() {
    for (const std::string& line : lines_) {
      ++number_;
      if (line.empty() || line.front() == '#') continue;
      step(line);
      if (failed_) return;  // what follows would only be out of step
    }
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

  std::string expand(std::string text) {
    for (const auto& [name, value] : variables_) {
      const std::string key = "${" + name + "}";
      for (std::size_t at; (at = text.find(key)) != std::string::npos;) {
        text.replace(at, key.size(), value);
      }
    }
    return text;
  }

  void send(Connection& c, const std::string& octets) {
    for (std::size_t at = 0; at < octets.size(); at += chunk_) {
      c.take(c.session->talk(std::string_view(octets).substr(at, chunk_)));
    }
    for (auto& [id, other] : connections_) {
      if (&other != &c) other.take(other.session->poke());
    }
  }

  void expect(Connection& c, const std::string& pattern, bool skipping) {
    while (!c.lines.empty()) {
      const std::string got = c.lines.front();
      const bool good = Glob(expand(pattern), variables_).matches(got);
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
    const std::string id = head.size() > 1 && ascii_digit(head[1]) ? head.substr(1, 1) : "1";
    if (head == "OPTION") return option(text);
    if (head.front() == 'X') {  // the server closes the connection
      if (!connection(id).session->closed()) fail("expected the connection to close");
      return;
    }
    Connection& c = connection(id);
    if (head.front() == 'C') {
      return send(c, expand(text) + (head.back() == '-' ? "" : "\r\n"));
    }
    if (head.front() == 'S') return expect(c, text, head.back() == '~');
    // TLS and compression: the fake host has answered the engine's steps, octets stay as they are.
    if (head.front() == 'T' || head.front() == 'Z') return;
    fail("bad line");
  }

  static bool ascii_digit(char c) { return c >= '0' && c <= '9'; }

  void option(const std::string& text) {
    if (text == "tls") channel_ = Channel::tls;
    if (text == "literal-") options_->literals = LiteralCapability::minus;
    if (text.starts_with("append_octets "))
      options_->limits.append_octets = std::stoul(text.substr(14));
    if (text.starts_with("jmap_url ")) options_->jmap_url = text.substr(9);
    if (text.starts_with("message_limit ")) options_->limits.messages = std::stoul(text.substr(14));
    if (text.starts_with("save_limit "))
      options_->limits.saved_messages = std::stoul(text.substr(11));
    if (text.starts_with("bad_commands "))
      options_->limits.bad_commands = std::stoul(text.substr(13));
  }

  std::string name_;
  std::size_t chunk_;
  std::shared_ptr<fake::Account> account_;
  std::shared_ptr<Options> options_;
  Channel channel_ = Channel::clear;
  std::vector<std::string> lines_;
  std::size_t number_ = 0;
  bool failed_ = false;
  std::map<std::string, Connection> connections_;
  std::map<std::string, std::string> variables_;
};

struct Scripts {
  Scripts() {
    for (const auto& entry :
         std::filesystem::directory_iterator(fumi::testing::source_dir() / "tests/wire/imap")) {
      if (entry.path().extension() != ".t") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#')) comments += line + '\n';
        const std::size_t colon = line.find(": ");
        if (!line.starts_with('C') || colon == std::string::npos) continue;
        const std::size_t verb = line.find(' ', colon + 2);
        if (verb != std::string::npos) {
          said += '\n' + ascii::to_upper(std::string_view(line).substr(verb + 1)) + ' ';
        }
      }
    }
  }
  std::string comments;
  std::string said;
};

TEST_CASE("every command has a script") {
  const Scripts scripts;
  for (const detail::Rule& rule : detail::all_rules()) {
    CAPTURE(rule.verb);
    CHECK(scripts.said.contains('\n' + std::string(rule.verb) + ' '));
  }
}

TEST_CASE("every capability has a script that cites its document") {
  // Told by time alone, which scripts can't be made to wait for.
  static constexpr std::string_view kElsewhere = "INPROGRESS";
  const Scripts scripts;
  Options options;
  options.jmap_url = "x";
  std::string all = capabilities(State::not_authenticated, Channel::clear, options) + ' ';
  options.limits.messages = 1;
  all += capabilities(State::authenticated, Channel::tls, options) + ' ';
  options.limits.messages = 0;
  options.limits.saved_messages = 1;
  options.literals = LiteralCapability::minus;
  options.plaintext = Plaintext::allow;
  all += capabilities(State::authenticated, Channel::tls, options) + ' ';
  all += capabilities(State::not_authenticated, Channel::tls, options);
  for (const std::string_view name : ascii::split(all, ' ')) {
    CAPTURE(name);
    const std::string rfc(capability_rfc(name.substr(0, name.find('='))));
    REQUIRE_FALSE(rfc.empty());
    if (name == kElsewhere) continue;
    const std::string number = rfc.substr(4);
    const bool cited = scripts.comments.contains(rfc + ' ') ||
                       scripts.comments.contains(rfc + ',') ||
                       scripts.comments.contains(", " + number);
    CHECK(cited);
  }
}

TEST_CASE("wire scripts, in any chunking") {
  std::vector<std::filesystem::path> scripts;
  for (const auto& entry :
       std::filesystem::directory_iterator(fumi::testing::source_dir() / "tests/wire/imap")) {
    if (entry.path().extension() == ".t") scripts.push_back(entry.path());
  }
  std::ranges::sort(scripts);
  REQUIRE(scripts.size() > 10);
  for (const auto& path : scripts) {
    for (const std::size_t chunk : {std::size_t{1'000'000}, std::size_t{1}, std::size_t{7}}) {
      Script(path, chunk).run();
    }
  }
}

}  // namespace
}  // namespace fumi::imap
