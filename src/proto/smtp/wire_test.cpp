// Runs tests/wire/smtp/*.t against the server engine in memory, in many chunkings.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>

#include "base/ascii.h"
#include "base/source_dir.h"
#include "proto/sasl/base64.h"
#include "proto/sasl/server_exchange.h"
#include "proto/smtp/server.h"

namespace fumi::smtp {
namespace {

// ---- the script ----

struct Line {
  std::string kind;  // "C", "C-", "S", "S~", "T", "X", "M", "B", "R", "H"
  std::string text;
  int number = 0;
};

struct Script {
  std::string name;
  ServerOptions options;
  TlsState tls = TlsState::plain;
  bool trusted = false;
  std::vector<Line> lines;
};

std::string expand_repeats_and_octets(std::string text) {
  static const std::pair<std::string_view, char> kOctets[] = {
      {"<CR>", '\r'}, {"<LF>", '\n'}, {"<NUL>", '\0'}, {"<TAB>", '\t'}, {"<SP>", ' '}};
  for (const auto& [token, octet] : kOctets) {
    for (std::size_t at; (at = text.find(token)) != std::string::npos;) {
      text.replace(at, token.size(), 1, octet);
    }
  }
  std::smatch found;
  static const std::regex kHex("<x([0-9A-Fa-f]{2})>");
  while (std::regex_search(text, found, kHex)) {
    const std::string octet = *ascii::from_hex(found[1].str());
    text.replace(std::size_t(found.position(0)), std::size_t(found.length(0)), octet);
  }
  static const std::regex kRepeat("<repeat ([0-9]+) ([^>]*)>");
  while (std::regex_search(text, found, kRepeat)) {
    std::string repeated;
    for (int n = std::stoi(found[1].str()); n > 0; --n)
      repeated += found[2].str();
    text.replace(std::size_t(found.position(0)), std::size_t(found.length(0)), repeated);
  }
  static const std::string kBase64 = "<base64 ";
  for (std::size_t at; (at = text.find(kBase64)) != std::string::npos;) {
    const std::size_t end = text.find('>', at);
    const std::string inside = text.substr(at + kBase64.size(), end - at - kBase64.size());
    text.replace(at, end + 1 - at, sasl::base64_encode(inside));
  }
  return text;
}

void set_option(Script& script, std::string_view word) {
  const std::string_view key = word.substr(0, word.find('='));
  const std::string value(word.substr(key.size() + 1));
  ServerOptions& options = script.options;
  const auto number = [&] { return std::uint32_t(std::stoul(value)); };
  if (key == "role") {
    options.role = value == "mx" ? Role::mx : value == "relay" ? Role::relay : Role::submission;
    if (value != "mx") options.mechanisms = "SCRAM-SHA-256 PLAIN LOGIN";
  } else if (key == "tls") {
    options.tls = value == "absent"     ? TlsPolicy::absent
                  : value == "required" ? TlsPolicy::required
                                        : TlsPolicy::offered;
    if (value == "active") script.tls = TlsState::active;
  } else if (key == "clear_auth") {
    options.clear_auth = value == "allowed" ? ClearAuth::allowed : ClearAuth::forbidden;
  } else if (key == "peer") {
    script.trusted = value == "trusted";
  } else if (key == "bare_ends") {
    options.bare_ends = value == "passed" ? BareEnds::passed : BareEnds::refused;
  } else if (key == "requiretls") {
    options.extensions.add(Extension::requiretls);
  } else if (key == "hold_max_s") {
    options.extensions.add(Extension::futurerelease);
    options.hold_max_s = number();
    options.hold_until_max = "2026-11-23T02:00:00Z";
  } else if (key == "size_max") {
    options.size_max = number();
  } else if (key == "size_slack") {
    options.size_slack = number();
  } else if (key == "recipients_max") {
    options.recipients_max = number();
  } else if (key == "recipient_failures_max") {
    options.recipient_failures_max = number();
  } else if (key == "transactions_max") {
    options.transactions_max = number();
  } else if (key == "errors_max") {
    options.errors_max = number();
  } else if (key == "chores_max") {
    options.chores_max = number();
  } else if (key == "auth_failures_max") {
    options.auth_failures_max = number();
  } else {
    FAIL("unknown option " << std::string(key));
  }
}

void add_line(Script& script, const std::string& raw, int number) {
  if (raw.empty() || raw[0] == '#') return;
  const std::size_t space = raw.find(' ');
  std::string kind = raw.substr(0, space);
  std::string text = space == raw.npos ? "" : raw.substr(space + 1);
  if (kind.ends_with(':')) kind.pop_back();
  if (kind == "O" || kind == "L") {
    for (const std::string_view word : ascii::split(text, ' '))
      set_option(script, word);
    return;
  }
  int count = 1;
  if (const std::size_t star = kind.find('*'); star != kind.npos) {
    count = std::stoi(kind.substr(star + 1));
    kind.resize(star);
  }
  for (int i = 1; i <= count; ++i) {
    std::string each = text;
    for (std::size_t at; (at = each.find("<i>")) != each.npos;)
      each.replace(at, 3, std::to_string(i));
    script.lines.push_back({kind, kind == "H" ? each : expand_repeats_and_octets(each), number});
  }
}

Script read_script(const std::filesystem::path& path) {
  Script script;
  script.name = path.filename().string();
  script.options.hostname = "mx.a.example";
  script.options.tls = TlsPolicy::offered;
  script.options.size_max = 1'000'000;
  script.options.recipients_max = 100;
  std::ifstream file(path, std::ios::binary);
  int number = 0;
  for (std::string line; std::getline(file, line);)
    add_line(script, line, ++number);
  return script;
}

// ---- the host ----

struct Message {
  std::string envelope;
  std::string text;
};

// A product-quality host in small: what a session does, with the fixture's users.
class Host {
 public:
  explicit Host(const Script& script)
      : server_(std::make_shared<ServerOptions>(script.options), script.tls), script_(script) {
    if (script.trusted) server_.trust_peer();
    for (const Line& line : script.lines) {
      if (line.kind == "H") directives_.push_back(line.text);
    }
  }

  void feed(std::string_view octets) {
    if (closed || tls_wanted)
      return;  // RFC 3207: what comes in the clear behind STARTTLS is dropped
    if (octets.size() % 2 == 0) {
      REQUIRE(server_.feed(octets) == octets.size());
    } else {
      const std::span<char> room = server_.prepare(octets.size());
      REQUIRE(room.size() == octets.size());
      std::ranges::copy(octets, room.begin());
      server_.commit(octets.size());
    }
  }

  void pump() {
    while (!closed && !tls_wanted) {
      ServerStep step = server_.next();
      output += server_.output();
      server_.sent(server_.output().size());
      if (std::holds_alternative<Need>(step)) return;
      std::visit([this](auto& each) { on(each); }, step);
    }
  }

  void start_tls() {
    tls_wanted = false;
    server_.tls_started();
  }

  std::string output;
  std::string trace;  // every step, in order, with the chunks of a message joined
  std::vector<Message> messages;
  std::vector<std::string> resets;
  bool closed = false;
  bool tls_wanted = false;

 private:
  // The scripted reply for `what`, if there is one.
  std::optional<Reply> scripted(const std::string& what) const {
    for (const std::string& directive : directives_) {
      if (!directive.starts_with(what + " ")) continue;
      std::string_view text = std::string_view(directive).substr(what.size() + 1);
      Reply reply{std::stoi(std::string(text.substr(0, 3)))};
      text.remove_prefix(4);
      reply.enhanced = take_enhanced(text, reply.code / 100);
      reply.text = text;
      return reply;
    }
    return std::nullopt;
  }
  void decide(const std::string& what) {
    if (auto reply = scripted(what)) {
      server_.answer(std::move(*reply));
    } else {
      server_.accept();
    }
  }

  void on(Need&) {}
  void on(Greet&) {
    trace += "greet\n";
    decide("connect");
  }
  void on(Hello& hello) {
    trace += "hello " + hello.name + " " + std::to_string(int(hello.form)) + "\n";
    envelope_.clear();
    text_.clear();
    decide("hello");
  }
  void on(StartTls&) {
    trace += "starttls\n";
    tls_wanted = true;
  }
  void on(AuthStart& start) {
    trace += "auth " + start.mechanism + "\n";
    sasl::ServerConfig config;
    config.nonce = "nonce";
    config.fake_salt_key = Secret("k");
    exchange_.emplace(std::move(config));
    const auto mechanism = sasl::find_mechanism(start.mechanism);
    REQUIRE(mechanism.has_value());
    const auto initial = start.initial ? std::optional(start.initial->reveal()) : std::nullopt;
    on_sasl(exchange_->start(*mechanism, initial));
  }
  void on(AuthResponse& response) {
    trace += "auth-response\n";
    on_sasl(exchange_->respond(response.octets.reveal()));
  }
  void on_sasl(sasl::ServerStep step) {
    if (auto* need = std::get_if<sasl::NeedPassword>(&step)) {
      const bool good = (need->authcid == "alice" && need->password.reveal() == "wonderland") ||
                        (need->authcid == "bob" && need->password.reveal() == "builder");
      step = exchange_->answer_password(good ? sasl::PasswordVerdict::correct
                                             : sasl::PasswordVerdict::wrong);
    } else if (std::holds_alternative<sasl::NeedVerifier>(step)) {
      step = exchange_->answer_verifier(std::nullopt);
    }
    if (auto* challenge = std::get_if<sasl::Challenge>(&step))
      return server_.challenge(challenge->octets);
    if (std::holds_alternative<sasl::Done>(step)) return server_.accept();
    const bool wrong = std::get<sasl::Failed>(step).failure == sasl::Failure::credentials;
    server_.answer(wrong ? Reply{535, {5, 7, 8}, "Authentication credentials invalid"}
                         : Reply{501, {5, 5, 2}, "Authentication exchange is malformed"});
  }
  void on(MailFrom& mail) {
    envelope_ = to_text(mail.path);
    append(envelope_, mail.parameters, Extensions{0xffff});
    text_.clear();
    trace += "mail " + envelope_ + "\n";
    decide("mail " + to_text(mail.path));
  }
  void on(RcptTo& rcpt) {
    std::string text = to_text(rcpt.path);
    append(text, rcpt.parameters, Extensions{0xffff});
    trace += "rcpt " + text + "\n";
    if (auto reply = scripted("rcpt " + to_text(rcpt.path))) {
      if (reply->is_positive()) envelope_ += " | " + text;
      return server_.answer(std::move(*reply));
    }
    const Mailbox& to = rcpt.path.mailbox;
    const bool ours = to.domain.empty() || ascii::iequals(to.domain, "a.example");
    const bool known = ascii::iequals(to.local, "alice") || ascii::iequals(to.local, "bob") ||
                       ascii::iequals(to.local, "postmaster");
    if (ours && !known) return server_.answer({550, {5, 1, 1}, "No such user"});
    if (!ours && !server_.is_authenticated() && !script_.trusted) {
      return server_.answer({550, {5, 7, 1}, "Relaying denied"});
    }
    envelope_ += " | " + text;
    server_.accept();
  }
  void on(DataBegin&) {
    trace += "data\n";
    text_.clear();
    decide("data");
  }
  void on(DataChunk& chunk) {
    if (!trace.ends_with("chunks\n")) trace += "chunks\n";
    text_ += chunk.octets;
  }
  void on(DataEnd& end) {
    CHECK(end.facts.octets == text_.size());
    trace += "end " + std::to_string(end.facts.octets) + (end.facts.nul ? " nul" : "") +
             (end.facts.eight_bit ? " 8bit" : "") + (end.facts.bare_lf() ? " bare-lf" : "") +
             (end.facts.bare_cr() ? " bare-cr" : "") + " [" + text_ + "]\n";
    if (const auto reply = scripted("end"); !reply || reply->is_positive()) {
      messages.push_back({envelope_, text_});
    }
    decide("end");
  }
  void on(Reset& reset) {
    static const char* const kCauses[] = {"rset", "too_large", "bare_line_ending"};
    resets.emplace_back(kCauses[int(reset.cause)]);
    // What came before a reset is the same octets in any chunking, too.
    trace += "reset " + resets.back() + " [" + text_ + "]\n";
    text_.clear();
  }
  void on(Close& close) {
    trace += "close " + std::to_string(int(close.cause)) + "\n";
    closed = true;
  }

  Server server_;
  const Script& script_;
  std::vector<std::string> directives_;
  std::optional<sasl::ServerExchange> exchange_;
  std::string envelope_;
  std::string text_;
};

// ---- the runner ----

bool matches(std::string_view pattern, std::string_view text) {
  while (!pattern.empty() && pattern[0] != '*') {
    if (text.empty() || text[0] != pattern[0]) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  if (pattern.empty()) return text.empty();
  pattern.remove_prefix(1);
  for (std::size_t skip = 0; skip <= text.size(); ++skip) {
    if (matches(pattern, text.substr(skip))) return true;
  }
  return false;
}

using Chunking = std::function<std::size_t(std::size_t left)>;

class Run {
 public:
  Run(const Script& script, const Chunking& chunking)
      : script_(script), chunking_(chunking), host_(script) {}

  std::string play() {
    host_.pump();
    for (const Line& line : script_.lines) {
      INFO(script_.name << ":" << line.number << ": " << line.kind << ": "
                        << line.text.substr(0, 200));
      if (line.kind == "C" || line.kind == "C-") {
        if (group_.empty()) expect_silence();
        group_ += line.text + (line.kind == "C" ? "\r\n" : "");
        continue;
      }
      send_group();
      check(line);
    }
    send_group();
    INFO(script_.name << " at its end");
    expect_silence();
    CHECK(host_.messages.size() == messages_seen_);
    CHECK(host_.resets.size() == resets_seen_);
    CHECK(host_.closed == closed_seen_);
    return host_.trace + "----\n" + said_;
  }

 private:
  void send_group() {
    std::string_view left = group_;
    while (!left.empty()) {
      const std::size_t n = std::min(left.size(), chunking_(left.size()));
      host_.feed(left.substr(0, n));
      left.remove_prefix(n);
      host_.pump();
    }
    group_.clear();
  }

  void expect_silence() {
    said_ += host_.output;
    CHECK(host_.output == "");
    host_.output.clear();
  }

  void check(const Line& line) {
    if (line.kind == "S" || line.kind == "S~") {
      const std::size_t end = host_.output.find("\r\n");
      REQUIRE_MESSAGE(end != std::string::npos, "the server is silent");
      const std::string got = host_.output.substr(0, end);
      said_ += got + "\r\n";
      host_.output.erase(0, end + 2);
      const bool good =
          line.kind == "S" ? matches(line.text, got) : std::regex_match(got, std::regex(line.text));
      CHECK_MESSAGE(good, "got: " << got);
    } else if (line.kind == "T") {
      REQUIRE(host_.tls_wanted);
      host_.start_tls();
      host_.pump();
    } else if (line.kind == "X") {
      CHECK(host_.closed);
      closed_seen_ = true;
    } else if (line.kind == "M") {
      REQUIRE(host_.messages.size() > messages_seen_);
      const Message& message = host_.messages[messages_seen_++];
      CHECK(message.envelope == line.text);
      body_left_ = message.text;
    } else if (line.kind == "B") {
      CHECK(body_left_.substr(0, line.text.size() + 2) == line.text + "\r\n");
      body_left_.erase(0, line.text.size() + 2);
    } else if (line.kind == "R") {
      REQUIRE(host_.resets.size() > resets_seen_);
      CHECK(host_.resets[resets_seen_++] == line.text);
    } else {
      CHECK(line.kind == "H");
    }
  }

  const Script& script_;
  const Chunking& chunking_;
  Host host_;
  std::string group_;
  std::string said_;
  std::string body_left_;
  std::size_t messages_seen_ = 0;
  std::size_t resets_seen_ = 0;
  bool closed_seen_ = false;
};

TEST_CASE("wire scripts: every conversation, in any chunking, with the same steps") {
  const std::filesystem::path folder = fumi::testing::source_dir() / "tests/wire/smtp";
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".t") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  REQUIRE(paths.size() >= 30);
  for (const auto& path : paths) {
    const Script script = read_script(path);
    const Chunking whole = [](std::size_t left) { return left; };
    const std::string expected = Run(script, whole).play();
    const Chunking single = [](std::size_t) { return std::size_t(1); };
    CHECK_MESSAGE(Run(script, single).play() == expected, script.name << ", octet by octet");
    for (unsigned seed = 1; seed <= 20; ++seed) {
      std::mt19937 random(seed);
      const std::size_t most = seed % 2 == 0 ? 7 : 300;
      const Chunking cut = [&](std::size_t) { return 1 + random() % most; };
      CHECK_MESSAGE(Run(script, cut).play() == expected, script.name << ", chunking " << seed);
    }
  }
}

}  // namespace
}  // namespace fumi::smtp
