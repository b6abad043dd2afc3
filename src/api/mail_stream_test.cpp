#include "api/mail_stream.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

using namespace fumi;
using namespace fumi::api;

namespace {

struct Got {
  std::vector<MailItem> items;
  std::optional<Code> error;
  bool complete = false;
};

Got read(std::string_view stream, std::size_t piece) {
  MailStreamReader reader;
  Got got;
  while (!stream.empty() && !got.error) {
    reader.feed(stream.substr(0, piece));
    stream.remove_prefix(std::min(piece, stream.size()));
    for (;;) {
      auto item = reader.next();
      if (!item) got.error = item.error().code;
      if (!item || !*item) break;
      got.items.push_back(std::move(**item));
    }
  }
  got.complete = reader.is_complete();
  if (got.error) CHECK(reader.next().error().code == *got.error);  // it stays so
  return got;
}

}  // namespace

TEST_CASE("property: mail goes through in any pieces") {
  rc::check([] {
    std::string stream;
    std::vector<MailItem> written;
    std::uint64_t mails = 0;
    const int count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) {
      MailItem item;
      item.folder = *rc::gen::element<std::string>("INBOX", "送信済み/2026", "a\"\\\n");
      item.role = *rc::gen::element(MailboxRole::none, MailboxRole::sent, MailboxRole::archive);
      item.bytes =
          *rc::gen::element<std::string>("", "a", "x\r\n\n{\"end\":1}\n", std::string(9, '\0'));
      item.flags.bits = *rc::gen::inRange<std::uint32_t>(0, 32);
      if (*rc::gen::arbitrary<bool>()) item.flags.keywords = {"$Work", "b"};
      if (*rc::gen::arbitrary<bool>()) item.received = from_micros(1'700'000'000'123'000);
      if (*rc::gen::arbitrary<bool>())
        item.origin = MailOrigin{*rc::gen::element<std::string>("INBOX", "INBOX.日本\""), 7,
                                 *rc::gen::element<std::uint32_t>(1, UINT32_MAX)};
      stream += write_mail_item(item);
      mails += item.bytes.empty() ? 0 : 1;
      written.push_back(std::move(item));
    }
    const Got cut = read(stream, 5);
    RC_ASSERT(!cut.complete);
    stream += write_mail_end(mails);
    const Got got = read(stream, *rc::gen::inRange<std::size_t>(1, 100));
    RC_ASSERT(!got.error);
    RC_ASSERT(got.complete);
    RC_ASSERT(got.items.size() == written.size());
    for (std::size_t i = 0; i < written.size(); ++i) {
      RC_ASSERT(got.items[i].folder == written[i].folder);
      RC_ASSERT(got.items[i].role == written[i].role);
      RC_ASSERT(got.items[i].flags == written[i].flags);
      RC_ASSERT(got.items[i].received == written[i].received);
      RC_ASSERT(got.items[i].origin == written[i].origin);
      RC_ASSERT(got.items[i].bytes == written[i].bytes);
    }
  });
}

TEST_CASE("what is no stream of mail is refused") {
  struct Case {
    std::string stream;
    Code code;
  };
  for (const Case& each :
       std::vector<Case>{{"x\n", Code::invalid},
                         {"[]\n", Code::invalid},
                         {"{}\n", Code::invalid},
                         {"{\"folder\":\"\"}\n", Code::invalid},
                         {"{\"folder\":7}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"nonsense\":1}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"role\":\"king\"}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"flags\":[\"\\\\Recent\"]}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"flags\":\"x\"}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"received\":\"noon\"}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"octets\":0}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"octets\":-1}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"octets\":1}\nxx\n", Code::invalid},
                         {"{\"folder\":\"a\",\"octets\":67108865}\n", Code::too_large},
                         {"{\"folder\":\"a\",\"origin\":7}\n", Code::invalid},
                         {"{\"folder\":\"a\",\"origin\":{\"folder\":\"a\",\"uid_validity\":1,"
                          "\"uid\":0}}\n",
                          Code::invalid},
                         {"{\"folder\":\"a\",\"origin\":{\"folder\":\"a\",\"uid_validity\":1,"
                          "\"uid\":4294967296}}\n",
                          Code::invalid},
                         {"{\"folder\":\"a\",\"origin\":{\"folder\":\"\",\"uid_validity\":1,"
                          "\"uid\":1}}\n",
                          Code::invalid},
                         {"{\"end\":1}\n", Code::invalid},
                         {"{\"end\":0,\"folder\":\"a\"}\n", Code::invalid},
                         {"{\"end\":0}\n{}\n", Code::invalid},
                         {std::string(20'000, 'x'), Code::too_large}}) {
    CAPTURE(each.stream.substr(0, 60));
    for (const std::size_t piece : {1U, 100'000U}) {
      const Got got = read(each.stream, piece);
      REQUIRE(got.error.has_value());
      CHECK(*got.error == each.code);
      CHECK(got.items.empty());
    }
  }
}
