#include "service/search/search.h"

#include <doctest/doctest.h>

#include "codec/base64.h"
#include "codec/charset.h"
#include "service/search/detail/program.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::ServiceWorld;
using Field = SearchQuery::Field;
using Kind = SearchQuery::Kind;
using Unit = SearchScope::Unit;

std::string jis(std::string_view text) { return codec::from_utf8(text, "ISO-2022-JP")->bytes; }

std::string word(std::string_view text) {
  return "=?ISO-2022-JP?B?" + codec::base64_encode(jis(text)) + "?=";
}

const std::string kJapanese =
    "From: " + word("山田 花子") +
    " <hanako@garden.example>\r\nTo: taro@acme.example\r\n"
    "Date: Tue, 01 Sep 2026 23:30:00 +0900\r\nReceived: from relay.example by acme.example\r\n"
    "X-Mailer: Letter 3\r\nSubject: " +
    word("会議室の予約") +
    "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\r\n" +
    jis("来週の会議は東京\r\n都庁で行います。ｽｹｼﾞｭｰﾙを確認してください。\r\n\r\n以上") + "\r\n";

const std::string kHtml =
    "From: \"Miller, Bob\" <bob@world.example>\r\nTo: a@acme.example\r\nCc: c@acme.example\r\n"
    "Date: Thu, 03 Sep 2026 01:00:00 +0000\r\nSubject: Quarterly numbers\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    "Content-Type: text/html; charset=UTF-8\r\n\r\n"
    "<style>.hidden{}</style><p>Rev<b>enue</b> of the caf&eacute;</p><p>next</p>\r\n--b\r\n"
    "Content-Type: application/octet-stream; name=report-2026.bin\r\n"
    "Content-Disposition: attachment; filename=report-2026.bin\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b\r\n"
    "Content-Type: message/rfc822\r\n\r\n"
    "From: old@past.example\r\nSubject: Forwarded thing\r\n\r\nThe inner text\r\n--b--\r\n";

const std::string kPlain =
    "From: c@d.example\r\nTo: e@f.example\r\nBcc: secret@f.example\r\nSubject: \r\n\r\nHello "
    "World\r\n";

struct Fixture {
  Fixture() {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = {acme, w.account(acme, "hanako@acme.example")};
    taro = {acme, w.account(acme, "taro@acme.example")};
    ken = {other, w.account(other, "ken@other.example")};
    put("INBOX", kJapanese, Flags::flagged);
    put("INBOX", kHtml, Flags::seen);
    put("INBOX", kPlain, 0, {"Work"});
    auto found = w.call(w->mailboxes.find(hanako, "INBOX"));
    REQUIRE(found.has_value());
    inbox = found->id;
  }
  void put(const std::string& mailbox, const std::string& bytes, std::uint32_t bits,
           std::vector<std::string> keywords = {}) {
    std::vector<NewMessage> messages;
    messages.push_back({bytes, {bits, std::move(keywords)}, w.world.clock().now()});
    REQUIRE(w.call(w->mailboxes.append(hanako, mailbox, std::move(messages))).has_value());
    w.world.clock().advance(std::chrono::hours(24));
  }
  Result<std::vector<SearchHit>> run(MailAccount who, SearchScope scope, SearchQuery query) {
    return w.call(w->search.run(who, std::move(scope), std::move(query)));
  }
  std::vector<std::uint32_t> uids(SearchQuery query) {
    auto hits = run(hanako, {{inbox}, Unit::entry}, std::move(query));
    REQUIRE(hits.has_value());
    std::vector<std::uint32_t> out;
    for (const SearchHit& hit : *hits)
      out.push_back(hit.entry.uid.value);
    return out;
  }

  ServiceWorld w;
  TenantScope acme, other;
  MailAccount hanako, taro, ken;
  MailboxId inbox;
};

TEST_CASE("each condition finds what it says") {
  Fixture f;
  const auto text = [](Field field, std::string what) {
    return SearchQuery::contains(field, std::move(what));
  };
  const auto day = [](unsigned d) {
    return SearchQuery::Day(std::chrono::year(2026) / 9 / std::chrono::day(d));
  };
  auto opened = f.w.call(f.w->mailboxes.open(f.hanako, "INBOX"));
  REQUIRE(opened.has_value());
  const std::vector<Entry>& entries = opened->entries;
  const Instant second = entries[1].received;
  struct Row {
    const char* name;
    SearchQuery query;
    std::vector<std::uint32_t> uids;
  };
  const std::vector<Row> rows{
      {"all", SearchQuery::of(Kind::all), {1, 2, 3}},
      {"nothing", SearchQuery::any_of({}), {}},
      {"flag", SearchQuery::flag(Flags::flagged), {1}},
      {"keyword", SearchQuery::keyword("WORK"), {3}},
      {"not", SearchQuery::not_(SearchQuery::keyword("work")), {1, 2}},
      {"body across a wrapped line", text(Field::body, "東京都庁"), {1}},
      {"half-width kana", text(Field::body, "スケジュール"), {1}},
      {"hiragana", text(Field::body, "すけじゅーる"), {1}},
      {"paragraphs are apart", text(Field::body, "くださいます"), {}},
      {"subject", text(Field::subject, "会議室"), {1}},
      {"subject is not body", text(Field::body, "会議室"), {}},
      {"name of the sender", text(Field::from, "花子"), {1}},
      {"address of the sender", text(Field::from, "GARDEN.example"), {1}},
      {"quoted name", text(Field::from, "miller, b"), {2}},
      {"to", text(Field::to, "acme"), {1, 2}},
      {"cc", text(Field::cc, "c@acme"), {2}},
      {"bcc", text(Field::bcc, "secret"), {3}},
      {"across inline tags, without accents", text(Field::body, "revenue of the CAFE"), {2}},
      {"styles are no text", text(Field::body, "hidden"), {}},
      {"name of an attachment", text(Field::body, "report-2026"), {2}},
      {"text of an attached message", text(Field::body, "inner text"), {2}},
      {"subject of an attached message", text(Field::body, "forwarded"), {2}},
      {"any: body", text(Field::any, "world"), {2, 3}},
      {"any: header", text(Field::any, "letter 3"), {1}},
      {"any: no trace fields", text(Field::any, "relay.example"), {}},
      {"trace field by name", SearchQuery::header("RECEIVED", "relay.example"), {1}},
      {"header", SearchQuery::header("x-mailer", "LETTER"), {1}},
      {"header of another name", SearchQuery::header("x-other", "letter"), {}},
      {"header is there", SearchQuery::header("Bcc", ""), {3}},
      {"empty header is there", SearchQuery::header("Subject", ""), {1, 2, 3}},
      {"empty text", text(Field::cc, ""), {1, 2, 3}},
      {"part of a word", text(Field::any, "orl"), {2, 3}},
      {"one letter", text(Field::body, "週"), {1}},
      {"punctuation", text(Field::from, "\", "), {}},
      {"punctuation that is there", text(Field::from, ", "), {2}},
      {"sent on, in its own zone", SearchQuery::sent(day(1), day(2)), {1}},
      {"sent since", SearchQuery::sent(day(2), std::nullopt), {2}},
      {"sent before", SearchQuery::sent(std::nullopt, day(3)), {1}},
      {"received", SearchQuery::received(second, second + Duration(1)), {2}},
      {"received before", SearchQuery::received(std::nullopt, second), {1}},
      {"saved", SearchQuery::saved(second, std::nullopt), {2, 3}},
      {"size", SearchQuery::octets(entries[2].octets, entries[2].octets + 1), {3}},
      {"modseq", SearchQuery::modseq(entries[1].modseq), {2, 3}},
      {"uids", SearchQuery::uids({{3, 9}, {1, 1}, {3, 3}}), {1, 3}},
      {"mailbox", SearchQuery::of(Kind::mailboxes, {f.inbox.value()}), {1, 2, 3}},
      {"another mailbox", SearchQuery::of(Kind::mailboxes, {1}), {}},
      {"email", SearchQuery::of(Kind::emails, {entries[2].email.value(), 1}), {3}},
      {"thread", SearchQuery::of(Kind::threads, {entries[0].email.value()}), {1}},
      {"attachment", SearchQuery::of(Kind::attachment), {2}},
      {"all of",
       SearchQuery::all_of({text(Field::any, "acme"), SearchQuery::flag(Flags::seen)}),
       {2}},
      {"any of",
       SearchQuery::any_of({text(Field::body, "hello"), SearchQuery::flag(Flags::flagged)}),
       {1, 3}},
      {"not text", SearchQuery::not_(text(Field::any, "world")), {1}}};
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(f.uids(row.query) == row.uids);
  }
}

// RFC 8514 §3, §4.3.
TEST_CASE("saved is when a message came into its mailbox, whenever it arrived") {
  Fixture f;
  const Instant now = f.w.world.clock().now();
  const Instant long_ago = now - std::chrono::hours(24 * 365);
  std::vector<NewMessage> messages;
  messages.push_back({kPlain, {}, long_ago});
  REQUIRE(f.w.call(f.w->mailboxes.append(f.hanako, "INBOX", std::move(messages))).has_value());
  const SearchQuery since = SearchQuery::saved(now, std::nullopt);
  CHECK(f.uids(since) == std::vector<std::uint32_t>{4});
  CHECK(f.uids(SearchQuery::saved(now, now + Duration(1))) == std::vector<std::uint32_t>{4});
  CHECK(f.uids(SearchQuery::saved(std::nullopt, now)) == std::vector<std::uint32_t>{1, 2, 3});
  CHECK(f.uids(SearchQuery::received(now, std::nullopt)).empty());
  // A copy is saved anew; what it is a copy of isn't.
  f.w.world.clock().advance(std::chrono::hours(24));
  const Instant later = f.w.world.clock().now();
  REQUIRE(f.w.call(f.w->mailboxes.copy(f.hanako, f.inbox, {Uid{4}}, "Archive")).has_value());
  const auto hits = f.run(f.hanako, {}, SearchQuery::saved(later, std::nullopt));
  REQUIRE(hits.has_value());
  REQUIRE(hits->size() == 1);
  CHECK(hits->front().mailbox != f.inbox);
  // Of mail from before it was kept, the arrival stands in for it.
  IndexRow old;
  old.received_s = std::chrono::ceil<std::chrono::seconds>(now).time_since_epoch().count();
  detail::Place place{f.inbox, &old, nullptr, {}, 0};
  detail::Candidate candidate;
  candidate.places = {&place, 1};
  CHECK(detail::Program(since).truth(candidate) == detail::Truth::yes);
  place.saved = long_ago;
  CHECK(detail::Program(since).truth(candidate) == detail::Truth::no);
}

TEST_CASE("a message is found once, and its places count together, where messages are asked for") {
  Fixture f;
  REQUIRE(f.w.call(f.w->mailboxes.copy(f.hanako, f.inbox, {Uid{2}}, "Archive")).has_value());
  const auto archive = f.w.call(f.w->mailboxes.find(f.hanako, "Archive"));
  REQUIRE(archive.has_value());
  StoreFlags change{{Uid{1}}, FlagsOperation::replace, {Flags::answered, {}}, std::nullopt};
  REQUIRE(f.w.call(f.w->mailboxes.store_flags(f.hanako, archive->id, change)).has_value());
  const auto count = [&](Unit unit, SearchQuery query) {
    auto hits = f.run(f.hanako, {{}, unit}, std::move(query));
    REQUIRE(hits.has_value());
    return hits->size();
  };
  const auto count_of = [&](std::optional<std::vector<EmailId>> emails) {
    const auto hits = f.run(f.hanako, {{}, Unit::email, std::move(emails)}, {});
    REQUIRE(hits.has_value());
    return hits->size();
  };
  const auto everything = f.run(f.hanako, {{}, Unit::email}, {});
  REQUIRE(everything->size() == 3);
  CHECK(count_of(std::nullopt) == 3);
  CHECK(count_of(std::vector<EmailId>{}) == 0);
  CHECK(count_of(std::vector{everything->at(0).entry.email, everything->at(2).entry.email}) == 2);
  const SearchQuery text = SearchQuery::contains(Field::subject, "quarterly");
  CHECK(count(Unit::entry, text) == 2);
  CHECK(count(Unit::email, text) == 1);
  const SearchQuery both =
      SearchQuery::all_of({SearchQuery::flag(Flags::answered), SearchQuery::flag(Flags::seen)});
  CHECK(count(Unit::entry, both) == 0);
  CHECK(count(Unit::email, both) == 1);
  const SearchQuery elsewhere =
      SearchQuery::not_(SearchQuery::of(Kind::mailboxes, {archive->id.value()}));
  CHECK(count(Unit::entry, elsewhere) == 3);
  CHECK(count(Unit::email, elsewhere) == 2);
  const auto hits = f.run(f.hanako, {{archive->id, f.inbox}, Unit::entry}, text);
  REQUIRE(hits->size() == 2);
  CHECK(hits->front().mailbox == archive->id);
}

TEST_CASE("what can't be asked is refused") {
  Fixture f;
  const auto code = [&](MailAccount who, SearchScope scope, SearchQuery query) {
    const auto hits = f.run(who, std::move(scope), std::move(query));
    REQUIRE_FALSE(hits.has_value());
    return hits.error().code;
  };
  const SearchQuery text = SearchQuery::contains(Field::any, "world");
  // Isolation: the mailbox of another account, of another tenant.
  CHECK(code(f.taro, {{f.inbox}, Unit::entry}, text) == Code::not_found);
  CHECK(code(f.ken, {{f.inbox}, Unit::entry}, text) == Code::not_found);
  CHECK(code({f.other, f.hanako.account}, {{f.inbox}, Unit::entry}, text) == Code::not_found);
  CHECK(f.run(f.taro, {}, text)->empty());
  CHECK(f.run({f.other, f.hanako.account}, {}, text)->empty());
  CHECK(code(f.hanako, {}, SearchQuery::uids({{1, 2}})) == Code::invalid);
  CHECK(code(f.hanako, {{f.inbox}, Unit::email}, SearchQuery::uids({{1, 2}})) == Code::invalid);
  std::vector<SearchQuery> many(10'000, text);
  CHECK(code(f.hanako, {{f.inbox}, Unit::entry}, SearchQuery::any_of(many)) == Code::too_large);
}

TEST_CASE("a failure of storage is an error, never half an answer") {
  Fixture f;
  const SearchQuery text = SearchQuery::contains(Field::any, "world");
  std::size_t failures = 0;
  for (std::size_t at = 1;; ++at) {
    f.w.faults.arm(at);
    const auto hits = f.run(f.hanako, {{f.inbox}, Unit::entry}, text);
    const bool went_off = f.w.faults.went_off();
    f.w.faults.arm(0);
    CHECK(hits.has_value() != went_off);
    if (!went_off) break;
    CHECK(hits.error().code == Code::unavailable);
    ++failures;
  }
  CHECK(failures == 5);  // the survey, the emails, three bodies
  f.w->runtime.fail_offload_with(Error{Code::rate_limited, "working", "the pool is full"});
  CHECK(f.run(f.hanako, {{f.inbox}, Unit::entry}, text).error().code == Code::rate_limited);
}

}  // namespace
}  // namespace fumi::service
