#include "proto/imap/engine.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>

#include "proto/imap/fake_host.h"

namespace fumi::imap {
namespace {

std::shared_ptr<Options> options() { return std::make_shared<Options>(); }

std::unique_ptr<fake::Session> session(std::shared_ptr<const Options> o = options()) {
  return std::make_unique<fake::Session>(std::make_shared<fake::Account>(), std::move(o),
                                         Channel::tls);
}

constexpr std::string_view kConversation =
    "a LOGIN {15+}\r\nalice@a.example {6+}\r\nsecret\r\nb ENABLE QRESYNC\r\nc SELECT INBOX\r\n"
    "d FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY[])\r\ne APPEND Sent (\\Seen) "
    "{12+}\r\n{3}\r\nx\r\ny\r\n"
    "z\r\nf BOGUS {3+}\r\nabc {2+}\r\nde\r\ng SEARCH RETURN (ALL) TEXT {2+}\r\nTo NOT SEEN\r\n"
    "h IDLE\r\nDONE\r\ni STORE 1:2 +FLAGS (\\Deleted)\r\nj EXPUNGE\r\nbad\r\nk UID FETCH 1:* "
    "UID\r\n"
    "l APPEND Nothing {5+}\r\nhello\r\nm LOGOUT\r\n";

TEST_CASE("the same octets in any chunking give the same responses") {
  const std::string whole = session()->talk(kConversation);
  CHECK(whole.find("j OK") != std::string::npos);
  CHECK(whole.find("m OK") != std::string::npos);
  const bool good = rc::check([&](const std::vector<std::uint8_t>& sizes) {
    auto one = session();
    std::string_view rest = kConversation;
    std::string out;
    for (std::size_t i = 0; !rest.empty(); ++i) {
      const std::size_t take =
          i < sizes.size() ? std::min<std::size_t>(rest.size(), sizes[i] % 40U) : rest.size();
      out += one->talk(rest.substr(0, take));
      rest.remove_prefix(take);
    }
    RC_ASSERT(out == whole);
  });
  CHECK(good);
}

TEST_CASE("a bare CR or LF ends no line") {
  CHECK(session()->talk("a NOOP\n").find("a ") == std::string::npos);
  CHECK(session()->talk("a NOOP\nb NOOP\r\n").find("a BAD") != std::string::npos);
  CHECK(session()->talk("a NOOP\rb\r\n").find("a BAD") != std::string::npos);
}

TEST_CASE("a line has a limit, the same in any chunking") {
  auto o = options();
  o->limits.line_octets_preauth = 1'000;
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{5'000}}) {
    for (const std::size_t length : {std::size_t{1'000}, std::size_t{1'001}, std::size_t{3'000}}) {
      auto one = session(o);
      (void)one->talk("");
      const std::string line = "a X" + std::string(length - 3, 'x') + "\r\nb NOOP\r\n";
      std::string out;
      for (std::size_t at = 0; at < line.size(); at += chunk) {
        out += one->talk(std::string_view(line).substr(at, chunk));
      }
      CHECK(out.starts_with("a BAD "));
      CHECK(out.find("b OK") != std::string::npos);
    }
  }
  auto one = session(o);
  (void)one->talk("");
  CHECK(one->talk("a NOOP" + std::string(2'000, ' ') + "\r\n").starts_with("a BAD [TOOBIG]"));
}

TEST_CASE("an endless line is not kept") {
  auto one = session();
  for (int i = 0; i < 1'000; ++i)
    (void)one->talk(std::string(10'000, 'x'));
  CHECK(one->engine().heap_octets() < 100'000);
}

TEST_CASE("literals of one command are limited together") {
  auto o = options();
  o->limits.literal_octets_preauth = 100;
  o->limits.line_octets = 100;
  auto one = session(o);
  (void)one->talk("");
  std::string out = one->talk("a LOGIN {90}\r\n");
  CHECK(out == "+ OK\r\n");
  out = one->talk(std::string(90, 'x') + " {90}\r\n" + std::string(90, 'y') + "{90}\r\n");
  CHECK(out.find("a BAD [TOOBIG]") != std::string::npos);
}

TEST_CASE("an idle connection holds little") {
  auto one = session();
  (void)one->talk(kConversation.substr(0, kConversation.find("h IDLE")));
  CHECK(one->engine().is_quiet());
  CHECK(sizeof(Engine) + one->engine().heap_octets() < 2'048);
  (void)one->talk("h IDLE\r\n");
  CHECK(one->engine().is_idling());
  CHECK(sizeof(Engine) + one->engine().heap_octets() < 2'048);
}

TEST_CASE("a large message streams through") {
  auto one = std::make_unique<Engine>(options(), Channel::tls);
  one->feed("a LOGIN x y\r\n");
  REQUIRE(std::holds_alternative<Login>(one->next()));
  one->finish(ok("Hello"));
  one->feed("b APPEND INBOX {10000000+}\r\n");
  REQUIRE(std::holds_alternative<AppendBegin>(one->next()));
  one->accept_append();
  std::size_t got = 0;
  std::size_t most = 0;
  for (int i = 0; i < 1'000; ++i) {
    one->feed(std::string(10'000, 'm'));
    for (Step step = one->next(); !std::holds_alternative<NeedInput>(step); step = one->next()) {
      if (auto* chunk = std::get_if<AppendChunk>(&step)) got += chunk->octets.size();
    }
    most = std::max(most, one->heap_octets());
  }
  CHECK(got == 10'000'000);
  CHECK(most < 100'000);
  one->feed("\r\n");
  CHECK(std::holds_alternative<AppendFinish>(one->next()));
}

TEST_CASE("a refusal and a break in the middle of MULTIAPPEND tell the host to forget") {
  Engine one(options(), Channel::tls);
  one.feed("a LOGIN x y\r\n");
  (void)one.next();
  one.finish(ok("Hello"));
  one.feed("b APPEND INBOX {1+}\r\nx junk {1+}\r\ny\r\n");
  REQUIRE(std::holds_alternative<AppendBegin>(one.next()));
  one.accept_append();
  CHECK(std::holds_alternative<AppendChunk>(one.next()));
  CHECK(std::holds_alternative<AppendEnd>(one.next()));
  CHECK(std::holds_alternative<AppendAbort>(one.next()));
  CHECK(std::holds_alternative<NeedInput>(one.next()));
  CHECK(one.writer().output().take().find("b BAD") != std::string::npos);
  CHECK(one.is_quiet());
}

TEST_CASE("what is pipelined waits, and pushes back") {
  auto o = options();
  o->limits.input_octets = 100;
  Engine one(o, Channel::tls);
  one.feed("a NOOP\r\n" + std::string(200, 'x'));
  CHECK(std::holds_alternative<Noop>(one.next()));
  CHECK(std::holds_alternative<NeedInput>(one.next()));
  CHECK_FALSE(one.wants_input());
  CHECK(one.verb() == "NOOP");
}

TEST_CASE("updates are allowed as RFC 9051 §7.5.1 says") {
  struct Row {
    const char* command;
    Updates updates;
  };
  for (const Row& row :
       {Row{"FETCH 1 UID", Updates::no_expunge}, Row{"UID FETCH 1 UID", Updates::all},
        Row{"STORE 1 FLAGS ()", Updates::no_expunge}, Row{"NOOP", Updates::all},
        Row{"SEARCH ALL", Updates::no_expunge}, Row{"SELECT x", Updates::none},
        Row{"CLOSE", Updates::none}, Row{"IDLE", Updates::all}}) {
    Engine one(options(), Channel::tls);
    one.feed("a LOGIN x y\r\n");
    (void)one.next();
    one.finish(ok("Hello"));
    one.feed("b SELECT INBOX\r\n");
    (void)one.next();
    one.finish(ok("Selected"));
    CHECK(one.updates_allowed() == Updates::none);
    one.feed("c " + std::string(row.command) + "\r\n");
    (void)one.next();
    CHECK_MESSAGE(one.updates_allowed() == row.updates, row.command);
  }
}

TEST_CASE("bye ends it, whatever is in flight") {
  Engine one(options(), Channel::tls);
  one.feed("a NOOP\r\n");
  (void)one.next();
  one.bye("Shutting down", code::plain(code::Plain::unavailable));
  one.finish(ok("late"));
  CHECK(one.writer().output().take() == "* BYE [UNAVAILABLE] Shutting down\r\n");
  const Step step = one.next();
  REQUIRE(std::holds_alternative<Disconnect>(step));
  CHECK(std::get<Disconnect>(step).reason == Disconnect::Reason::host);
}

TEST_CASE("capabilities follow state, channel and options") {
  Options o;
  o.hidden = {"IDLE"};
  const std::string clear = capabilities(State::not_authenticated, Channel::clear, o);
  CHECK(clear.find("LOGINDISABLED") != std::string::npos);
  CHECK(clear.find("AUTH=PLAIN") == std::string::npos);
  CHECK(clear.find("IDLE") == std::string::npos);
  const std::string tls = capabilities(State::not_authenticated, Channel::tls, o);
  CHECK(tls.find("STARTTLS") == std::string::npos);
  CHECK(tls.find("AUTH=PLAIN") != std::string::npos);
  const std::string in = capabilities(State::authenticated, Channel::tls, o);
  CHECK(in.find("QRESYNC") != std::string::npos);
  CHECK(in.find("APPENDLIMIT=52428800") != std::string::npos);
  CHECK(in.find("AUTH=") == std::string::npos);
}

TEST_CASE("progress is told of the command in flight, and only while it is not done") {
  auto options = std::make_shared<Options>();
  Engine engine(options, Channel::tls);
  engine.progress(1, 2);
  engine.feed("a LOGIN b c\r\n");
  (void)engine.next();
  engine.finish(ok("Done"));
  engine.feed("b-1 LIST \"\" *\r\n");
  (void)engine.next();
  (void)engine.writer().output().take();
  engine.progress(3, 10);
  engine.progress(10, 10);
  CHECK(engine.writer().output().take() == "* OK [INPROGRESS (\"b-1\" 3 10)] Still at work\r\n");
  engine.finish(ok("Done"));
  (void)engine.writer().output().take();
  engine.progress(3, 10);
  CHECK(engine.writer().output().empty());
}

}  // namespace
}  // namespace fumi::imap
