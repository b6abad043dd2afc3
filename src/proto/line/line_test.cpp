#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "proto/line/framing.h"
#include "proto/line/utf8.h"

namespace fumi::line {
namespace {

void feed(InputBuffer& buffer, std::string_view octets) {
  REQUIRE(buffer.append(octets) == octets.size());
}

TEST_CASE("the input buffer is bounded, keeps its views and gives its memory back") {
  InputBuffer buffer(1000);
  CHECK(buffer.capacity_octets() == 0);
  feed(buffer, "hello world");
  const std::string_view hello = buffer.view().substr(0, 5);
  buffer.consume(6);
  CHECK(hello == "hello");
  CHECK(buffer.view() == "world");
  buffer.release_if_empty();
  CHECK(buffer.view() == "world");
  CHECK(buffer.append(std::string(2000, 'x')) == 995);
  CHECK(buffer.prepare(1).empty());
  CHECK(buffer.size() == 1000);
  buffer.consume(1000);
  buffer.release_if_empty();
  CHECK(buffer.capacity_octets() == 0);
  const std::span<char> room = buffer.prepare(3);
  REQUIRE(room.size() == 3);
  std::ranges::copy(std::string_view("abc"), room.begin());
  buffer.commit(3);
  buffer.wipe(buffer.view().substr(1, 1));
  CHECK(buffer.view() == std::string_view("a\0c", 3));
  buffer.clear();
  CHECK(buffer.capacity_octets() == 0);
}

// Everything a framer says about `bytes` cut as `cuts` say, as text.
std::string lines_of(std::string_view bytes, std::size_t limit,
                     const std::vector<std::size_t>& cuts) {
  InputBuffer buffer(1 << 20U);
  LineFramer framer;
  std::string said;
  std::size_t cut = 0;
  while (!bytes.empty()) {
    const std::size_t n =
        cuts.empty() ? bytes.size() : 1 + cuts[cut++ % cuts.size()] % bytes.size();
    feed(buffer, bytes.substr(0, n));
    bytes.remove_prefix(n);
    for (;;) {
      const Line line = framer.next(buffer, limit);
      if (line.status == Framed::more) break;
      said += std::to_string(int(line.status)) + (line.bare ? "b" : "") + (line.nul ? "n" : "") +
              "[" + std::string(line.text) + "]";
      if (line.status == Framed::endless) return said;
    }
    CHECK(buffer.size() <= limit);
  }
  return said;
}

TEST_CASE("a line ends with CRLF and with nothing else (RFC 5321 §2.3.8)") {
  CHECK(lines_of("NOOP\r\nQUIT\r\n", 512, {}) == "1[NOOP]1[QUIT]");
  CHECK(lines_of("a\nb\r\n", 512, {}) == "1b[a\nb]");
  CHECK(lines_of("a\rb\r\n", 512, {}) == "1b[a\rb]");
  CHECK(lines_of("a\r\r\n", 512, {}) == "1b[a\r]");
  CHECK(lines_of(std::string_view("a\0b\r\n", 5), 512, {}) == std::string("1n[a\0b]", 7));
  CHECK(lines_of("\r\n", 512, {}) == "1[]");
  CHECK(lines_of("\n\n\n", 512, {}).empty());
}

TEST_CASE("the line limit counts the CRLF; longer lines are dropped, endless ones end it") {
  CHECK(lines_of("12345678\r\nX\r\n", 10, {}) == "1[12345678]1[X]");
  CHECK(lines_of("123456789\r\nX\r\n", 10, {}) == "2[]1[X]");
  CHECK(lines_of(std::string(5000, 'a') + "\r\nX\r\n", 10, {}) == "2[]1[X]");
  CHECK(lines_of(std::string(LineFramer::kEndlessOctets - 2, 'a') + "\r\n", 10, {}) == "2[]");
  CHECK(lines_of(std::string(LineFramer::kEndlessOctets - 1, 'a') + "\r\n", 10, {}) == "3[]");
  CHECK(lines_of(std::string(LineFramer::kEndlessOctets * 2, 'a'), 10, {}) == "3[]");
}

std::string hostile_text() {
  const auto alphabet = rc::gen::element('\r', '\n', '.', 'a', '\0');
  return *rc::gen::container<std::string>(rc::gen::oneOf(alphabet, alphabet));
}

TEST_CASE("property: lines do not depend on the chunking") {
  CHECK(rc::check([] {
    std::string bytes = hostile_text();
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
      bytes += "ab\r\n" + hostile_text() + "\r\n";
    const auto cuts = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, 9)));
    RC_ASSERT(lines_of(bytes, 12, cuts) == lines_of(bytes, 12, {}));
  }));
}

struct Decoded {
  std::string text;
  std::string rest;
  bool end = false;
  TextFacts facts;
};

Decoded decode(std::string_view bytes, std::size_t step) {
  InputBuffer buffer(1 << 20U);
  DotDecoder dots;
  Decoded result;
  while (!bytes.empty() || !buffer.empty()) {
    const std::string_view part = bytes.substr(0, step);
    feed(buffer, part);
    bytes.remove_prefix(part.size());
    for (;;) {
      const DotDecoder::Piece piece = dots.next(buffer.view());
      if (piece.octets == 0) break;
      result.text += piece.text;
      result.facts.scan(piece.text);
      buffer.consume(piece.octets);
      if (!piece.end) continue;
      result.end = true;
      result.rest = std::string(buffer.view()) + std::string(bytes);
      return result;
    }
    if (part.empty()) break;
  }
  return result;
}

TEST_CASE("text ends with CRLF.CRLF only, and loses its stuffed dots (RFC 5321 §4.5.2)") {
  struct Row {
    std::string_view in, text, rest;
    bool end;
  };
  const Row rows[] = {
      {"a\r\n.\r\nQUIT", "a\r\n", "QUIT", true},
      {".\r\nQUIT", "", "QUIT", true},
      {"..\r\n.\r\n", ".\r\n", "", true},
      {"...a\r\n.\r\n", "..a\r\n", "", true},
      {".a\r\n.\r\n", "a\r\n", "", true},
      {"a.\r\n.\r\n", "a.\r\n", "", true},
      // The smuggling forms: none of them is an end.
      {"a\n.\nMAIL\r\n.\r\n", "a\n.\nMAIL\r\n", "", true},
      {"a\n.\r\nMAIL\r\n.\r\n", "a\n.\r\nMAIL\r\n", "", true},
      {"a\r.\rMAIL\r\n.\r\n", "a\r.\rMAIL\r\n", "", true},
      {"a\r\n.\nMAIL\r\n.\r\n", "a\r\n\nMAIL\r\n", "", true},
      {"a\r\n.\rMAIL\r\n.\r\n", "a\r\n\rMAIL\r\n", "", true},
      {"a\r\r\n.\r\n", "a\r\r\n", "", true},
      {"a\r\n.\r", "a\r\n", "", false},
      {"a\r\n.", "a\r\n", "", false},
      {"\n.\r\n", "\n.\r\n", "", false},
  };
  for (const Row& row : rows) {
    for (const std::size_t step : {1UL, 2UL, 3UL, 1000UL}) {
      CAPTURE(row.in);
      const Decoded got = decode(row.in, step);
      CHECK(got.text == row.text);
      CHECK(got.end == row.end);
      CHECK(got.rest == row.rest);
    }
  }
}

TEST_CASE("facts: bare line endings, NUL and 8-bit, over any chunking") {
  CHECK_FALSE(decode("a\r\nb\r\n.\r\n", 1).facts.bare_lf());
  CHECK_FALSE(decode("a\r\nb\r\n.\r\n", 1).facts.bare_cr());
  CHECK(decode("a\nb\r\n.\r\n", 2).facts.bare_lf());
  CHECK(decode("a\rb\r\n.\r\n", 1).facts.bare_cr());
  CHECK(decode("a\xe3\r\n.\r\n", 1).facts.eight_bit);
  TextFacts facts;
  facts.scan("a\r");
  CHECK_FALSE(facts.bare_so_far());
  facts.scan("b");
  CHECK(facts.bare_so_far());
}

TEST_CASE("facts count right over the blocks that they are counted in") {
  for (std::size_t before = 200; before < 260; ++before) {
    TextFacts facts;
    facts.scan(std::string(before, 'x') + "\r\n" + std::string(500, '\n') + "\r\n");
    CHECK(facts.octets == before + 504);
    CHECK(facts.cr == 2);
    CHECK(facts.lf == 502);
    CHECK(facts.crlf == 2);
    CHECK(facts.last == '\n');
  }
}

TEST_CASE("property: dots decode the same in any chunking, and stuffing is undone") {
  CHECK(rc::check([] {
    const std::string bytes = hostile_text() + "\r\n.\r\nrest";
    const Decoded whole = decode(bytes, 1 << 20);
    const Decoded cut = decode(bytes, *rc::gen::inRange<std::size_t>(1, 5));
    RC_ASSERT(whole.text == cut.text);
    RC_ASSERT(whole.end == cut.end);
    RC_ASSERT(whole.rest == cut.rest);
    RC_ASSERT(whole.facts.bare_cr() == cut.facts.bare_cr());
    RC_ASSERT(whole.facts.crlf == cut.facts.crlf);
  }));
}

TEST_CASE("counted chunks") {
  std::uint64_t left = 5;
  CHECK(take_counted("abc", left) == "abc");
  CHECK(take_counted("defg", left) == "de");
  CHECK(left == 0);
  CHECK(take_counted("x", left).empty());
}

TEST_CASE("UTF-8 validity") {
  for (const char* good : {"", "a", "\xc2\x80", "日本語", "\xf4\x8f\xbf\xbf"})
    CHECK(is_utf8(good));
  for (const char* bad : {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xe3\x81", "\xff"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

}  // namespace
}  // namespace fumi::line
