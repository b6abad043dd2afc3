// The index against the scan: two accounts with the same mail, of which one is indexed, must answer
// everything alike, whatever came, went and was indexed meanwhile.
#include <algorithm>
#include <random>

#include "codec/base64.h"
#include "codec/charset.h"
#include "codec/fold.h"
#include "codec/utf8.h"
#include "service/search/indexer.h"
#include "service/search/search.h"
#include "service/testing/fakes.h"
#include "store/mail/engines_for_test.h"
#include "store/memory/memory_blob_store.h"

namespace fumi::service {
namespace {

using store::testing::on_every_engine;
using store::testing::World;
using Field = SearchQuery::Field;
using Unit = SearchScope::Unit;

constexpr std::string_view kWords[] = {
    "会議",        "会議室", "東京都庁", "スケジュール", "すけじゅーる", "予約",
    "請求書",      "ｶﾞｲﾄﾞ",  "ガイド",   "確認",         "してください", "です。",
    "山田",        "花子",   "meeting",  "Meetings",     "report",       "hr",
    "HR",          "a",      "IT",       "café",         "Straße",       "tokyo-2026",
    "x@y.example", "100%",   "--",       "invoice",      "othello",      "hello",
    "ＦＵＬＬ",    "①",      "👍",       "мир",          "서울"};

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  std::string_view word() { return kWords[below(std::size(kWords))]; }

  std::string text(std::size_t words) {
    std::string out;
    for (std::size_t i = 0; i < words; ++i) {
      out += word();
      static constexpr std::string_view kBetween[] = {" ", "", ", ", "\r\n", "。", "\r\n\r\n"};
      out += kBetween[below(std::size(kBetween))];
    }
    return out;
  }

  std::string mail() {
    static constexpr std::string_view kCharsets[] = {"UTF-8", "ISO-2022-JP", "Shift_JIS", "EUC-JP"};
    const std::string charset(kCharsets[below(4)]);
    const auto encoded = [&](const std::string& what) {
      auto bytes = codec::from_utf8(what, charset);
      return bytes ? bytes->bytes : what;
    };
    const auto header = [&](std::size_t words) {
      std::string what = text(words);
      std::erase_if(what, [](char c) { return c == '\r' || c == '\n'; });
      return "=?" + charset + "?B?" + codec::base64_encode(encoded(what)) + "?=";
    };
    const bool html = below(3) == 0;
    std::string body = text(below(30));
    if (html) body = "<p>" + body + "</p><br>" + text(2) + "<b>" + std::string(word()) + "</b>";
    std::string out = "From: " + header(1) + " <" + std::to_string(below(9)) + "@from.example>\r\n";
    out += "To: " + header(1) + " <to@acme.example>\r\n";
    if (below(3) == 0) out += "Cc: <cc" + std::to_string(below(3)) + "@acme.example>\r\n";
    if (below(4) == 0) out += "X-Note: " + header(1) + "\r\n";
    out += "Received: from " + std::string(below(2) == 0 ? "alpha" : "beta") + ".example\r\n";
    out += "Date: " + std::to_string(1 + below(28)) + " Sep 2026 10:00:00 +0900\r\n";
    out += "Subject: " + header(3) + "\r\nMIME-Version: 1.0\r\nContent-Type: text/" +
           std::string(html ? "html" : "plain") + "; charset=" + charset +
           "\r\nContent-Transfer-Encoding: base64\r\n\r\n" + codec::base64_encode(encoded(body)) +
           "\r\n";
    return out;
  }

  // A needle: words, or any part of them.
  std::string needle() {
    const std::string folded = codec::fold(text(1 + below(2)));
    std::vector<std::size_t> starts;
    for (std::string_view rest = folded; !rest.empty();) {
      starts.push_back(folded.size() - rest.size());
      static_cast<void>(codec::take_code_point(rest));
    }
    if (starts.empty()) return "x";
    const std::size_t from = starts[below(2) == 0 ? 0 : below(starts.size())];
    std::size_t to = folded.size();
    if (below(2) == 0) {
      const std::size_t at = below(starts.size());
      if (starts[at] > from) to = starts[at];
    }
    return folded.substr(from, to - from);
  }

  SearchQuery query(int depth = 0) {
    const std::size_t what = below(depth < 3 ? 12 : 9);
    if (what < 6) {
      static constexpr Field kFields[] = {Field::any, Field::body, Field::subject, Field::from,
                                          Field::to,  Field::cc,   Field::any,     Field::body};
      return SearchQuery::contains(kFields[below(std::size(kFields))], needle());
    }
    if (what == 6) {
      static constexpr const char* kNames[] = {"X-Note", "Subject", "Received", "Cc", "X-None"};
      const char* name = kNames[below(std::size(kNames))];
      static constexpr const char* kHosts[] = {"alpha", "", "beta.ex", "acme"};
      return SearchQuery::header(name, below(2) == 0 ? kHosts[below(4)] : needle());
    }
    const auto day = [](std::size_t d) {
      return SearchQuery::Day(std::chrono::year(2026) / 9 / std::chrono::day(unsigned(d)));
    };
    if (what == 7) return SearchQuery::sent(day(1 + below(28)), std::nullopt);
    if (what == 8) return SearchQuery::flag(Flags::flagged);
    if (what == 9) return SearchQuery::not_(query(depth + 1));
    std::vector<SearchQuery> children;
    for (std::size_t i = 0; i <= below(3); ++i)
      children.push_back(query(depth + 1));
    return what == 10 ? SearchQuery::all_of(std::move(children))
                      : SearchQuery::any_of(std::move(children));
  }

 private:
  std::mt19937 random_;
};

// Until the end: a store's thread may hold a loop for a moment longer (FakeRuntime::loop()).
void keep(std::shared_ptr<boost::asio::io_context> loop) {
  static std::vector<std::shared_ptr<boost::asio::io_context>> loops;
  loops.push_back(std::move(loop));
}

struct Fixture {
  explicit Fixture(World& the_world, SearchIndexOptions options)
      : world(the_world),
        failing_store(world.store(), world.store(), faults),
        failing_blobs(blobs, faults),
        runtime(world.clock()),
        mailboxes(failing_store, failing_blobs, world.bus(), world.clock()),
        search(failing_store, mailboxes, failing_blobs, runtime),
        indexer(failing_store, failing_store, failing_blobs, runtime, world.clock(), options) {
    keep(runtime.loop());
    acme = world.tenant("acme");
    indexed = {acme, world.account(acme, "indexed@acme.example")};
    scanned = {acme, world.account(acme, "scanned@acme.example")};
  }
  ~Fixture() { runtime.stop(); }

  void append(const std::string& bytes, std::uint32_t bits) {
    for (const MailAccount& who : {indexed, scanned}) {
      std::vector<NewMessage> messages;
      messages.push_back({bytes, {bits, {}}, world.clock().now()});
      REQUIRE(runtime.call(mailboxes.append(who, "INBOX", std::move(messages))).has_value());
    }
  }
  void expunge(std::uint32_t uid) {
    for (const MailAccount& who : {indexed, scanned}) {
      const MailboxId id = inbox(who);
      StoreFlags change{{Uid{uid}}, FlagsOperation::add, {Flags::deleted, {}}, std::nullopt};
      REQUIRE(runtime.call(mailboxes.store_flags(who, id, change)).has_value());
      REQUIRE(runtime.call(mailboxes.expunge(who, id, std::nullopt)).has_value());
    }
  }
  MailboxId inbox(MailAccount who) {
    const auto found = runtime.call(mailboxes.find(who, "INBOX"));
    REQUIRE(found.has_value());
    return found->id;
  }
  std::vector<std::uint32_t> uids(MailAccount who, const SearchQuery& query, Unit unit) {
    SearchScope scope;
    scope.unit = unit;
    if (unit == Unit::entry) scope.mailboxes.push_back(inbox(who));
    const auto hits = runtime.call(search.run(who, scope, query));
    if (!hits) FAIL(hits.error().text());
    std::vector<std::uint32_t> out;
    for (const SearchHit& hit : *hits)
      out.push_back(hit.entry.uid.value);
    std::ranges::sort(out);
    return out;
  }
  std::uint64_t index() {
    const auto count = runtime.call(indexer.index(indexed));
    if (!count) FAIL(count.error().text());
    return *count;
  }
  SearchIndexStatus status() {
    const auto got = runtime.call(indexer.status(indexed));
    REQUIRE(got.has_value());
    return *got;
  }

  World& world;
  testing::FaultPlan faults;
  store::MemoryBlobStore blobs;
  testing::FailingStore failing_store;
  testing::FailingBlobs failing_blobs;
  testing::FakeRuntime runtime;
  Mailboxes mailboxes;
  Search search;
  SearchIndexer indexer;
  TenantScope acme;
  MailAccount indexed, scanned;
};

SearchIndexOptions small_batches() {
  SearchIndexOptions options;
  options.batch_mails = 16;
  return options;
}

std::string one_line(const SearchQuery& query) {
  std::string out = std::to_string(int(query.kind)) + ":" + std::to_string(int(query.field)) + "[" +
                    query.name + "|" + query.text + "](";
  for (const SearchQuery& child : query.children)
    out += one_line(child) + " ";
  return out + ")";
}

TEST_CASE("indexed and scanned mail give the same answers, whatever comes and goes") {
  std::uint32_t seed = 1;
  on_every_engine([&](World& world) {
    Fixture f(world, small_batches());
    Generator random(seed++);
    std::uint32_t uid = 0;
    std::uint64_t found = 0;
    for (int round = 0; round < 24; ++round) {
      const std::size_t count = 4 + random.below(24);
      for (std::size_t i = 0; i < count; ++i)
        f.append(random.mail(), random.below(3) == 0 ? Flags::flagged : 0);
      uid += std::uint32_t(count);
      world.clock().advance(std::chrono::hours(1));
      if (random.below(4) != 0) f.index();
      for (std::size_t i = 0; i < random.below(6); ++i)
        f.expunge(1 + std::uint32_t(random.below(uid)));
      for (int i = 0; i < 12; ++i) {
        const SearchQuery query = random.query();
        const Unit unit = random.below(3) == 0 ? Unit::email : Unit::entry;
        INFO(one_line(query));
        const auto expected = f.uids(f.scanned, query, unit);
        CHECK(f.uids(f.indexed, query, unit) == expected);
        found += expected.size();
      }
    }
    CHECK(found > 100);
    f.index();
    CHECK(f.status().mails == f.status().indexed);
    CHECK(f.status().segments < 16);
  });
}

TEST_CASE("what the index decides needs no reading, and rebuilding loses nothing") {
  on_every_engine([](World& world) {
    Fixture f(world, small_batches());
    for (int i = 0; i < 40; ++i) {
      f.append("From: a@b.example\r\nSubject: 件名 number" + std::to_string(i) +
                   "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n東京都庁の会議 othello\r\n",
               0);
    }
    CHECK(f.status().mails == 40);
    CHECK(f.status().indexed == 0);
    CHECK(f.index() == 40);
    CHECK(f.index() == 0);
    CHECK(f.status().indexed == 40);
    CHECK(f.status().segments == 3);
    CHECK(f.status().octets > 0);
    const auto reads = [&](Field field, const char* text, std::size_t hits) {
      const std::uint64_t before = f.search.mails_read();
      CHECK(f.uids(f.indexed, SearchQuery::contains(field, text), Unit::entry).size() == hits);
      return f.search.mails_read() - before;
    };
    CHECK(reads(Field::body, "会議", 40) == 0);     // a pair
    CHECK(reads(Field::any, "東京都庁", 40) == 0);  // a word
    CHECK(reads(Field::subject, "number7", 1) == 0);
    CHECK(reads(Field::subject, "会議", 0) == 0);  // another field
    CHECK(reads(Field::body, "hello", 40) == 40);  // a part of a word
    CHECK(reads(Field::body, "absent", 0) == 0);
    CHECK(reads(Field::body, "庁の会議", 40) == 40);  // across words
    REQUIRE(f.runtime.call(f.indexer.rebuild(f.indexed)).has_value());
    CHECK(f.status().indexed == 0);
    CHECK(reads(Field::body, "会議", 40) == 40);
    CHECK(f.index() == 40);
    CHECK(reads(Field::body, "会議", 40) == 0);
  });
}

TEST_CASE("a failure anywhere leaves answers right and work to be done again") {
  World world;
  Fixture f(world, small_batches());
  Generator random(7);
  for (int i = 0; i < 140; ++i)  // enough for a merge
    f.append(random.mail(), 0);
  const SearchQuery query = SearchQuery::contains(Field::any, "会議");
  const auto expected = f.uids(f.scanned, query, Unit::entry);
  REQUIRE_FALSE(expected.empty());
  bool done = false;
  for (std::size_t at = 1; !done; at += 1 + at / 6) {
    f.faults.arm(at);
    const auto count = f.runtime.call(f.indexer.index(f.indexed));
    done = !f.faults.went_off();
    f.faults.arm(0);
    CHECK(count.has_value() == done);
    CHECK(f.uids(f.indexed, query, Unit::entry) == expected);
    world.clock().advance(std::chrono::hours(1));  // a claim that could not be given back runs out
  }
  CHECK(f.status().indexed == 140);
}

TEST_CASE("in the background every account is indexed, and stops when it is told to") {
  World world;
  Fixture f(world, small_batches());
  for (int i = 0; i < 20; ++i)
    f.append("Subject: s\r\n\r\ntext\r\n", 0);
  f.indexer.start();
  f.runtime.settle();
  CHECK(f.indexer.mails_indexed() == 0);
  f.runtime.advance(std::chrono::seconds(5));
  CHECK(f.indexer.mails_indexed() == 40);
  CHECK(f.indexer.accounts_waiting() == 0);
  f.append("Subject: new\r\n\r\ntext\r\n", 0);
  f.runtime.advance(std::chrono::seconds(5));
  CHECK(f.indexer.mails_indexed() == 42);
}

TEST_CASE("another tenant's account can be neither indexed nor rebuilt nor looked at") {
  World world;
  Fixture f(world, small_batches());
  f.append("Subject: s\r\n\r\ntext\r\n", 0);
  f.index();
  const TenantScope other = world.tenant("other");
  const MailAccount foreign{other, f.indexed.account};
  CHECK(f.runtime.call(f.indexer.index(foreign)).error().code == Code::not_found);
  CHECK(f.runtime.call(f.indexer.status(foreign)).error().code == Code::not_found);
  CHECK(f.runtime.call(f.indexer.rebuild(foreign)).error().code == Code::not_found);
  CHECK(f.status().indexed == 1);
}

}  // namespace
}  // namespace fumi::service
