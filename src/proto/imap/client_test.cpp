#include "proto/imap/client.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace fumi;
using namespace fumi::imap;

namespace {

struct Read {
  std::vector<ServerResponse> responses;
  std::optional<Code> error;
};

Read read(std::string_view bytes, std::size_t piece = SIZE_MAX, ClientLimits limits = {}) {
  ClientReader reader(limits);
  Read out;
  while (!bytes.empty() && !out.error) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      auto next = reader.next();
      if (!next) {
        out.error = next.error().code;
        CHECK(reader.next().error().code == *out.error);  // it stays so
      }
      if (!next || !*next) break;
      out.responses.push_back(std::move(**next));
    }
  }
  return out;
}

std::string show(const ClientValue& value) {
  switch (value.kind) {
    case ClientValue::Kind::nil:
      return "NIL";
    case ClientValue::Kind::atom:
      return value.text;
    case ClientValue::Kind::text:
      return "<" + value.text + ">";
    case ClientValue::Kind::skipped:
      return "<" + std::to_string(value.octets) + " skipped>";
    case ClientValue::Kind::list:
      break;
  }
  std::string out = "(";
  for (const ClientValue& item : value.items)
    out += (out.size() > 1 ? " " : "") + show(item);
  return out + ")";
}

std::string show(const ServerResponse& r) {
  std::string out = r.tag + "|" + std::to_string(r.number) + "|" + r.name + "|" + r.code + "|" +
                    r.code_text + "|" + r.text + "|";
  for (const ClientValue& value : r.values)
    out += show(value) + " ";
  return out;
}

ServerResponse one(std::string_view line) {
  Read got = read(std::string(line) + "\r\n");
  REQUIRE(got.responses.size() == 1);
  return std::move(got.responses.front());
}

}  // namespace

TEST_CASE("responses are read as RFC 9051 writes them, and as servers do") {
  struct Row {
    const char* bytes;
    const char* shown;
  };
  for (const Row& row : {
           Row{"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello {3}\r\n",
               "*|0|OK|CAPABILITY|IMAP4rev1 AUTH=PLAIN|hello {3}|"},
           Row{"F1 NO no brackets [x\r\n", "F1|0|NO|||no brackets [x|"},
           Row{"+ \r\n", "|0||||||"},
           Row{"+\r\n", "|0||||||"},
           Row{"* 12 EXISTS\r\n", "*|12|EXISTS|||| "},
           Row{"* SEARCH\r\n", "*|0|SEARCH||||"},
           Row{"* list () \"/\" \"a \\\"b\\\\\"\r\n", "*|0|LIST||||() </> <a \"b\\> "},
           Row{"* LIST (\\HasNoChildren) NIL {5}\r\na\r\nbc\r\n",
               "*|0|LIST||||(\\HasNoChildren) NIL <a\r\nbc> "},
           Row{"* 2 FETCH  (UID 7  FLAGS () )\r\n", "*|2|FETCH||||(UID 7 FLAGS ()) "},
       }) {
    CAPTURE(row.bytes);
    const Read got = read(row.bytes);
    CHECK_FALSE(got.error.has_value());
    REQUIRE(got.responses.size() == 1);
    std::string wanted = row.shown;
    std::string shown = show(got.responses[0]);
    while (shown.ends_with(' ') || shown.ends_with('|'))
      shown.pop_back();
    while (wanted.ends_with(' ') || wanted.ends_with('|'))
      wanted.pop_back();
    CHECK(shown == wanted);
  }
  std::string nul = "* 2 FETCH (UID 7 BODY[A (B)] {0}\r\n BODY[] ~{2}\r\n";
  nul += std::string("\0x", 2) + ")\r\n";
  const Read got = read(nul);
  REQUIRE(got.responses.size() == 1);
  CHECK(got.responses[0].values[0].items[3].text.empty());
  CHECK(got.responses[0].values[0].items[5].text == std::string("\0x", 2));
}

TEST_CASE("what no server may say") {
  ClientLimits small;
  small.line_octets = 100;
  small.literal_octets = 10;
  small.depth = 3;
  struct Row {
    std::string bytes;
    Code code;
  };
  for (const Row& row :
       {Row{"\r\n", Code::invalid}, Row{"*\r\n", Code::invalid},
        Row{"F1 FETCH x\r\n", Code::invalid}, Row{"* 99999999999 EXISTS\r\n", Code::invalid},
        Row{"* LIST (a\r\n", Code::invalid}, Row{"* LIST a)\r\n", Code::invalid},
        Row{"* LIST \"a\r\n", Code::invalid}, Row{"* LIST ((((a))))\r\n", Code::too_large},
        Row{"* LIST " + std::string(200, 'a') + "\r\n", Code::too_large},
        Row{"* LIST " + std::string(200, 'a'), Code::too_large},
        Row{"* LIST {1}\r\na" + std::string(100, 'b'), Code::too_large}}) {
    CAPTURE(row.bytes);
    CHECK(read(row.bytes, SIZE_MAX, small).error == row.code);
    CHECK(read(row.bytes, 1, small).error == row.code);
  }
  // A literal that is too large is thrown away, however large it says that it is.
  Read got = read("* 1 FETCH (UID 1 BODY[] {11}\r\nhello world)\r\n* 2 EXISTS\r\n", 1, small);
  REQUIRE(got.responses.size() == 2);
  CHECK(show(got.responses[0].values[0]) == "(UID 1 BODY[] <11 skipped>)");
  got = read("* 1 FETCH (A {6}\r\nhello! B {6}\r\nworld!)\r\n", SIZE_MAX, small);
  CHECK(show(got.responses[0].values[0]) == "(A <hello!> B <6 skipped>)");
  got = read("* 1 FETCH (BODY[] {18446744073709551615}\r\nhello", SIZE_MAX, small);
  CHECK_FALSE(got.error.has_value());
  CHECK(got.responses.empty());
}

TEST_CASE("property: any chunking gives the same responses") {
  rc::check([] {
    std::string stream;
    const int count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
      stream += *rc::gen::element<std::string>(
          "* OK [UIDVALIDITY 7] x {3}\r\n",
          "* 1 FETCH (UID 1 BODY[] {7}\r\na\r\n{1}\r) X \"\\\"\")\r\n", "+ ready\r\n",
          "F1 OK done\r\n", "* LIST () NIL {0}\r\n\r\n", "* BROKEN (\r\n");
    }
    const Read whole = read(stream);
    const Read cut = read(stream, *rc::gen::inRange<std::size_t>(1, 9));
    RC_ASSERT(whole.error == cut.error);
    RC_ASSERT(whole.responses.size() == cut.responses.size());
    for (std::size_t i = 0; i < whole.responses.size(); ++i)
      RC_ASSERT(show(whole.responses[i]) == show(cut.responses[i]));
  });
}

TEST_CASE("a connection: greeting, capabilities, commands, and a server that breaks the order") {
  Client client;
  const auto feed = [&](std::string_view bytes) {
    client.feed(bytes);
    return client.next();
  };
  auto next = feed("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=SCRAM-SHA-256] hello\r\n");
  REQUIRE(next.has_value());
  CHECK((*next)->kind == ClientEvent::Kind::greeting);
  CHECK(client.has("imap4rev1"));
  CHECK(client.mechanisms() == "PLAIN SCRAM-SHA-256");
  client.forget_capabilities();
  CHECK_FALSE(client.knows_capabilities());
  CHECK(client.begin("CAPABILITY") == "F1 CAPABILITY\r\n");
  next = feed("* CAPABILITY IMAP4rev2 X\r\n* 3 EXISTS\r\n+ go on\r\nF1 OK done\r\n");
  CHECK((*next)->response.name == "EXISTS");  // the capabilities were taken
  CHECK(client.has("IMAP4REV2"));
  CHECK((*client.next())->kind == ClientEvent::Kind::challenge);
  const auto done = client.next();
  CHECK((*done)->kind == ClientEvent::Kind::done);
  CHECK((*done)->is_ok());
  CHECK_FALSE((*client.next()).has_value());
  CHECK(feed("F1 OK again\r\n").error().code == Code::invalid);
  CHECK(client.begin("NOOP") == "F2 NOOP\r\n");
  CHECK(feed("F3 OK\r\n").error().code == Code::invalid);
  CHECK(feed("* BYE enough\r\n").error().code == Code::peer_gone);
  for (const char* const greeting :
       {"* BYE busy\r\n", "220 smtp.example ESMTP\r\n", "* 1 EXISTS\r\n"}) {
    Client other;
    other.feed(greeting);
    CHECK_FALSE(other.next().has_value());
  }
}

TEST_CASE("mailboxes, namespaces and messages") {
  const auto name = [](std::string_view line, NameCharset charset = NameCharset::modified_utf7) {
    const auto found = listed_mailbox(one(line), charset);
    return found ? found->name : "(none)";
  };
  CHECK(name("* LIST (\\HasNoChildren) \"/\" \"&ZeVnLA-\"") == "日本");
  CHECK(name("* LIST () \"/\" \"&ZeVnLA-\"", NameCharset::utf8) == "&ZeVnLA-");
  CHECK(name("* LIST () \"/\" \"日本\"", NameCharset::utf8) == "日本");
  CHECK(name("* LIST () \"/\" \"R&D\"") == "R&D");  // wrong, and there
  CHECK(name("* LIST () \"/\" {3}\r\na\r\n") == "(none)");
  CHECK(name("* LIST () \"/\"") == "(none)");
  CHECK(name("* LSUB () \"/\" a") == "(none)");
  CHECK(name("* LIST () NIL NIL") == "NIL");
  const auto sent = listed_mailbox(one("* LIST (\\Sent \\NoSelect) \".\" INBOX.Sent"),
                                   NameCharset::modified_utf7);
  REQUIRE(sent.has_value());
  CHECK(sent->has("\\sent"));
  CHECK(sent->separator == '.');
  const auto spaces = namespaces(one(
      "* NAMESPACE ((\"INBOX.\" \".\")) ((\"user.\" \".\")) ((\"\" \".\")(\"Shared.\" \".\"))"));
  REQUIRE(spaces.has_value());
  CHECK(spaces->personal == "INBOX.");
  CHECK(spaces->others == std::vector<std::string>{"user.", "Shared."});
  CHECK(namespaces(one("* NAMESPACE ((\"\" \"/\")) NIL NIL"))->others.empty());
  CHECK_FALSE(namespaces(one("* NAMESPACE NIL")).has_value());

  const auto mail = fetched_message(
      one("* 1 FETCH (FLAGS (\\Seen $Work) uid 7 INTERNALDATE \"23-Nov-2026 01:02:03 +0900\" "
          "RFC822.SIZE 5 BODY[] {5}\r\nA: 1\n)"));
  REQUIRE(mail.has_value());
  CHECK(mail->uid == 7);
  CHECK(mail->flags == std::vector<std::string>{"\\Seen", "$Work"});
  CHECK(mail->internal_date == "23-Nov-2026 01:02:03 +0900");
  CHECK(mail->size == 5U);
  CHECK(mail->body == FetchedMessage::Body::present);
  CHECK(mail->bytes == "A: 1\n");
  CHECK(fetched_message(one("* 1 FETCH (UID 7 BODY[] NIL)"))->body == FetchedMessage::Body::absent);
  CHECK_FALSE(fetched_message(one("* 1 FETCH (FLAGS ())")).has_value());
  CHECK_FALSE(fetched_message(one("* 1 FETCH (UID 99999999999)")).has_value());
  CHECK_FALSE(fetched_message(one("* 1 FETCH UID")).has_value());
  CHECK(quoted("a\"b\\", QuotedOctets::ascii) == "\"a\\\"b\\\\\"");
  CHECK_FALSE(quoted("a\nb", QuotedOctets::utf8).has_value());
  CHECK_FALSE(quoted("日", QuotedOctets::ascii).has_value());
  CHECK(quoted("日", QuotedOctets::utf8) == "\"日\"");
}
