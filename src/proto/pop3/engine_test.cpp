#include "proto/pop3/engine.h"

#include <doctest/doctest.h>

#include "proto/pop3/fake_host.h"
#include "proto/sasl/base64.h"

namespace fumi::pop3 {
namespace {

struct Drop {
  explicit Drop(std::uint32_t count) {
    account->messages.clear();
    for (std::uint32_t i = 1; i <= count; ++i)
      account->messages.emplace_back(i, "Subject: " + std::to_string(i) + "\r\n\r\nText\r\n");
  }
  std::unique_ptr<fake::Session> session() {
    auto made = std::make_unique<fake::Session>(account, options, Channel::tls);
    REQUIRE(made->talk("USER alice@a.example\r\nPASS secret\r\n").contains("messages"));
    return made;
  }
  std::shared_ptr<fake::Account> account = std::make_shared<fake::Account>();
  std::shared_ptr<Options> options = std::make_shared<Options>();
};

std::string all_of(std::size_t lines, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < lines; ++i)
    out += text;
  return out;
}

// Whether `next()` keeps the output below the limit, and a little.
struct Bounded {
  Engine& engine;
  std::size_t most = 0;
  std::string said;
  void run() {
    for (;;) {
      const Step step = engine.next();
      most = std::max(most, engine.output().size());
      said += std::exchange(engine.output(), {});
      if (!std::holds_alternative<Flush>(step)) return;
    }
  }
};

TEST_CASE("a long LIST and a pipelined group of them come in portions") {
  auto options = std::make_shared<Options>();
  Engine engine(options, Channel::tls);
  REQUIRE(engine.feed("USER a\r\nPASS b\r\n") > 0);
  REQUIRE(std::holds_alternative<Login>(engine.next()));
  Maildrop maildrop;
  maildrop.id_prefix = "1700000000-";
  for (std::uint32_t i = 1; i <= 20'000; ++i)
    maildrop.messages.push_back({i, 1'000});
  engine.open(std::move(maildrop));
  REQUIRE(engine.feed("LIST\r\nUIDL\r\n" + all_of(200, "LIST\r\n")) > 1'000);
  Bounded bounded{engine};
  bounded.run();
  CHECK(bounded.most < options->limits.output_octets + 1'000);
  CHECK(bounded.said.contains("\r\n20000 1000\r\n.\r\n"));
  CHECK(bounded.said.contains("\r\n20000 1700000000-20000\r\n.\r\n"));
  CHECK(engine.heap_octets() < 20'000 * 20 + 40'000);
}

TEST_CASE("input that nobody reads is bounded, and nothing of it is lost") {
  Drop drop(1);
  Engine engine(drop.options, Channel::tls);
  const std::string flood = all_of(10'000, "USER x\r\n");
  const std::size_t taken = engine.feed(flood);
  CHECK(taken <= drop.options->limits.input_octets);
  std::size_t at = taken;
  std::string said;
  while (at < flood.size() || engine.heap_octets() > 1'000) {
    const Step step = engine.next();
    said += std::exchange(engine.output(), {});
    if (std::holds_alternative<NeedInput>(step) && at == flood.size()) break;
    at += engine.feed(std::string_view(flood).substr(at));
  }
  CHECK(std::ranges::count(said, '\n') == 10'000);
}

TEST_CASE("lines: too long, endless, bare ends, NUL") {
  Drop drop(1);
  auto s = drop.session();
  CHECK(s->talk("NOOP " + std::string(2'000, 'x') + "\r\n") == "-ERR Line is too long\r\n");
  CHECK(s->talk("NOOP\n\r\n") == "-ERR Syntax error\r\n");
  CHECK(s->talk("NO\rOP\r\n") == "-ERR Syntax error\r\n");
  CHECK(s->talk(std::string("NOOP\0\r\n", 7)) == "-ERR Syntax error\r\n");
  CHECK(s->talk("NOOP\r\n").starts_with("+OK"));
  std::string said;
  for (int i = 0; i < 300 && !s->closed(); ++i)
    said += s->talk(std::string(1'000, 'x'));
  CHECK(s->closed());
  CHECK(said == "-ERR Line is too long\r\n");
}

TEST_CASE("AUTH: responses up to their own limit") {
  Drop drop(1);
  fake::Session s(drop.account, drop.options, Channel::tls);
  CHECK(s.talk("AUTH PLAIN\r\n").ends_with("+ \r\n"));
  const std::string over(drop.options->limits.auth_octets, 'A');
  CHECK(s.talk(over + "\r\n") == "-ERR Line is too long\r\n");
  CHECK(s.talk("AUTH PLAIN\r\n") == "+ \r\n");
  CHECK(s.talk(std::string(8'000, 'A') + "\r\n").starts_with("-ERR"));
  const std::string good = sasl::base64_encode(std::string("\0alice@a.example\0secret", 23));
  CHECK(s.talk("AUTH PLAIN\r\n" + good + "\r\n").contains("+OK 1 messages"));
}

TEST_CASE("failed logins end the connection at their limit, malformed ones by bad commands") {
  Drop drop(1);
  fake::Session s(drop.account, drop.options, Channel::tls);
  for (int i = 1; i <= 5; ++i) {
    CHECK_FALSE(s.closed());
    CHECK(s.talk("USER alice@a.example\r\nPASS wrong" + std::to_string(i) + "\r\n")
              .contains("-ERR [AUTH] "));
  }
  CHECK(s.closed());
}

TEST_CASE("a message that vanished is refused, the session goes on") {
  Drop drop(3);
  auto s = drop.session();
  drop.account->messages.erase(drop.account->messages.begin() + 1);
  CHECK(s->talk("RETR 2\r\n").starts_with("-ERR The message was removed"));
  CHECK(s->talk("RETR 3\r\n").contains("Subject: 3\r\n"));
  CHECK(s->talk("DELE 2\r\nQUIT\r\n").contains("+OK Goodbye"));
  CHECK(drop.account->messages.size() == 2);
}

TEST_CASE("following: in order, without those that are marked") {
  Engine engine(std::make_shared<Options>(), Channel::tls);
  REQUIRE(engine.feed("USER a\r\nPASS b\r\nDELE 2\r\n") > 0);
  REQUIRE(std::holds_alternative<Login>(engine.next()));
  engine.open({"1-", {{7, 10}, {9, 20}, {12, 30}, {20, 40}}});
  REQUIRE(std::holds_alternative<NeedInput>(engine.next()));
  using Uids = std::vector<std::uint32_t>;
  CHECK(engine.following(7, 10) == Uids{7, 12, 20});
  CHECK(engine.following(8, 1) == Uids{12});
  CHECK(engine.following(12, 2) == Uids{12, 20});
  CHECK(engine.following(21, 5).empty());
}

TEST_CASE("a refused UPDATE says so and ends the session") {
  Engine engine(std::make_shared<Options>(), Channel::tls);
  REQUIRE(engine.feed("USER a\r\nPASS b\r\nDELE 1\r\nQUIT\r\nSTAT\r\n") > 0);
  REQUIRE(std::holds_alternative<Login>(engine.next()));
  engine.open({"1-", {{7, 10}, {9, 20}}});
  const Step step = engine.next();
  REQUIRE(std::holds_alternative<Update>(step));
  CHECK(std::get<Update>(step).removed == std::vector<std::uint32_t>{7});
  engine.output().clear();
  engine.refuse({ResponseCode::sys_temp, Text::not_removed});
  CHECK(engine.output() ==
        "-ERR [SYS/TEMP] Nothing was removed: temporary failure, try again later\r\n");
  CHECK(std::holds_alternative<Disconnect>(engine.next()));
}

TEST_CASE("a password does not stay in memory that the engine keeps") {
  Engine engine(std::make_shared<Options>(), Channel::tls);
  REQUIRE(engine.feed("USER a\r\nPASS very-secret-word\r\nUSER ") > 0);
  const Step step = engine.next();
  REQUIRE(std::holds_alternative<Login>(step));
  CHECK(std::get<Login>(step).password.reveal() == "very-secret-word");
  engine.refuse({ResponseCode::auth, Text::wrong_password});
  REQUIRE(std::holds_alternative<NeedInput>(engine.next()));
  CHECK(engine.output().find("very-secret") == std::string::npos);
}

TEST_CASE("every text and code exists in both languages") {
  for (int i = 0; i <= static_cast<int>(Text::not_removed); ++i) {
    const Text text{static_cast<std::uint8_t>(i)};
    const std::string english = render(Language::english, text, 1, 2);
    const std::string japanese = render(Language::japanese, text, 1, 2);
    CHECK_FALSE(english.empty());
    CHECK(english != japanese);
    CHECK(std::ranges::all_of(english, [](char c) { return c >= ' ' && c <= '~'; }));
    CHECK(japanese.size() < 400);  // RFC 2449 §4: a first line has 512 octets at most
  }
}

TEST_CASE("an idle session holds no input or output") {
  Drop drop(0);
  auto s = drop.session();
  CHECK(s->talk("STAT\r\n") == "+OK 0 0\r\n");
  CHECK(s->engine().heap_octets() < 200);
}

}  // namespace
}  // namespace fumi::pop3
