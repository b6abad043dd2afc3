#include "proto/pop3/message.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "proto/line/framing.h"

namespace fumi::pop3 {
namespace {

std::string encoded(std::string_view text) {
  MessageEncoder encoder(text);
  std::string sent, out;
  while (!encoder.done()) {
    const std::string_view run = encoder.next(out);
    sent += out;
    sent += run;
    out.clear();
  }
  return sent;
}

// The same by another way: line by line.
std::string expected(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('.')) out += '.';
    out += line;
    out += "\r\n";
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out + ".\r\n";
}

TEST_CASE("dots, line ends, the end") {
  struct Row {
    std::string_view text, wire;
  };
  const Row rows[] = {
      {"", ".\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {".\r\n", "..\r\n.\r\n"},
      {"..\r\n", "...\r\n.\r\n"},
      {"a\r\n.b\r\n.\r\nc.\r\n", "a\r\n..b\r\n..\r\nc.\r\n.\r\n"},
      {"a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n"},  // bare LF: what smuggling would be made of
      {"\n\n", "\r\n\r\n.\r\n"},
      {"a\r.\r\n", "a\r.\r\n.\r\n"},  // a bare CR ends nothing
      {"a\r", "a\r\r\n.\r\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.wire);
    CHECK(encoded(row.text) == row.wire);
    CHECK(expected(row.text) == row.wire);
  }
}

TEST_CASE("any text: as line by line, and a strict reader gets it back") {
  CHECK(rc::check("encoder", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        ".", "\r\n", "\n", "\r", "x", "..", std::string(9'000, 'y'), "\r\n.\r\n", "\n.\n"));
    std::string text;
    for (const std::string& piece : pieces)
      text += piece;
    const std::string wire = encoded(text);
    RC_ASSERT(wire == expected(text));
    line::DotDecoder decoder;
    std::string back;
    std::string_view rest = wire;
    for (;;) {
      const auto piece = decoder.next(rest);
      back += piece.text;
      rest.remove_prefix(piece.octets);
      if (piece.end) break;
      RC_ASSERT(piece.octets > 0);
    }
    RC_ASSERT(rest.empty());
    std::string unstuffed;
    for (std::size_t at = 0; at + 3 < wire.size();) {
      if (wire[at] == '.') ++at;
      const std::size_t end = wire.find("\r\n", at) + 2;
      unstuffed += wire.substr(at, end - at);
      at = end;
    }
    RC_ASSERT(back == unstuffed);
  }));
}

TEST_CASE("a large body goes as views of itself; memory does not grow with its dots") {
  const std::string plain(3'000'000, 'x');
  MessageEncoder encoder(plain);
  std::string out;
  std::size_t viewed = 0;
  while (!encoder.done()) {
    const std::string_view run = encoder.next(out);
    if (!run.empty()) CHECK(run.data() == plain.data() + viewed);
    CHECK(run.size() <= MessageEncoder::kRunOctets);
    viewed += run.size();
  }
  CHECK(viewed == plain.size());
  CHECK(out == "\r\n.\r\n");

  std::string dots;
  for (int i = 0; i < 200'000; ++i)
    dots += ".\r\n";
  MessageEncoder dense(dots);
  std::size_t sent = 0;
  while (!dense.done()) {
    out.clear();
    const std::string_view run = dense.next(out);
    CHECK(out.size() <= MessageEncoder::kOutOctets + MessageEncoder::kCopyOctets + 8);
    sent += out.size() + run.size();
  }
  CHECK(sent == 200'000 * 4 + 3);
}

TEST_CASE("edits at the borders of runs") {
  const std::size_t run = MessageEncoder::kRunOctets;
  for (std::size_t at = run - 3; at <= run + 3; ++at) {
    for (const std::string_view middle : {"\r\n.", "\n.", ".", "\r\n", "\n"}) {
      std::string text(run * 2 + 10, 'x');
      text.replace(at, middle.size(), middle);
      CHECK(encoded(text) == expected(text));
    }
  }
}

TEST_CASE("TOP cuts behind the header and so many lines") {
  const std::string_view text = "A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\n";
  CHECK(top_of(text, 0) == "A: b\r\nC: d\r\n\r\n");
  CHECK(top_of(text, 1) == "A: b\r\nC: d\r\n\r\none\r\n");
  CHECK(top_of(text, 2) == "A: b\r\nC: d\r\n\r\none\r\n\r\n");
  CHECK(top_of(text, 3) == text);
  CHECK(top_of(text, 9'999'999'999) == text);
  CHECK(top_of("A: b\n\none\ntwo", 1) == "A: b\n\none\n");
  CHECK(top_of("A: b\r\n", 5) == "A: b\r\n");
  CHECK(top_of("\r\nbody\r\n", 0) == "\r\n");
  CHECK(top_of("", 1).empty());
}

TEST_CASE("only the header asks for UTF-8 mode") {
  CHECK(needs_utf8("Subject: \xe4\xbc\x9a\r\n\r\nx\r\n"));
  CHECK_FALSE(needs_utf8("Subject: x\r\n\r\n\xe4\xbc\x9a\r\n"));
  CHECK_FALSE(needs_utf8(""));
}

}  // namespace
}  // namespace fumi::pop3
