// Text of attached files: extracted in the background, found by index and by scan alike, and never
// in the way of the mail that holds them.
#include "service/search/file_reader.h"

#include <algorithm>
#include <random>

#include "codec/base64.h"
#include "service/search/search.h"
#include "service/testing/fakes.h"
#include "store/mail/engines_for_test.h"
#include "store/memory/memory_blob_store.h"

namespace fumi::service {
namespace {

using store::testing::on_every_engine;
using store::testing::World;
using Field = SearchQuery::Field;
using Outcome = ExtractedText::Outcome;

// Takes the file's octets for its text, but for some words.
class FakeExtractor final : public TextExtractor {
 public:
  Task<Result<ExtractedText>> extract(TenantScope scope, AttachedFile file,
                                      std::uint64_t text_octets_max) override {
    ++calls;
    asked = scope;
    if (down) co_return fail(Code::unavailable, "extracting text", "down");
    ExtractedText text;
    text.outcome = Outcome::whole;
    text.form = "fake";
    if (file.bytes == "locked") {
      text.outcome = Outcome::encrypted;
      text.reason = "with a password";
    } else if (file.bytes.starts_with("packed")) {  // 2.8 million octets, and then the rest
      for (int i = 0; i < 140'000; ++i)
        text.text += "the quick brown fox ";
      text.text += file.bytes.substr(6);
    } else {
      text.text = file.bytes.substr(0, text_octets_max);
      if (text.text != file.bytes) text.outcome = Outcome::over_limit;
    }
    co_return text;
  }

  std::size_t calls = 0;
  bool down = false;
  TenantScope asked{};
};

struct File {
  std::string name, bytes;
};

std::string mail(const std::string& body, const std::vector<File>& files) {
  std::string out =
      "From: a@b.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n\r\n" +
      body + "\r\n";
  for (const File& file : files) {
    out +=
        "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment;"
        " filename=\"" +
        file.name + "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
        codec::base64_encode_lines(file.bytes) + "\r\n";
  }
  return out + "--b--\r\n";
}

// Until the end: a store's thread may hold a loop for a moment longer (FakeRuntime::loop()).
void keep(std::shared_ptr<boost::asio::io_context> loop) {
  static std::vector<std::shared_ptr<boost::asio::io_context>> loops;
  loops.push_back(std::move(loop));
}

SearchIndexOptions small_batches() {
  SearchIndexOptions options;
  options.batch_mails = 16;
  options.attachment_text_max = config::kib(1);
  return options;
}

struct Fixture {
  explicit Fixture(World& the_world, SearchIndexOptions options = small_batches())
      : world(the_world),
        failing_store(world.store(), world.store(), faults),
        failing_blobs(blobs, faults),
        runtime(world.clock()),
        mailboxes(failing_store, failing_blobs, world.bus(), world.clock()),
        search(failing_store, mailboxes, failing_blobs, runtime),
        indexer(failing_store, failing_store, failing_blobs, runtime, world.clock(), options),
        reader(failing_store, failing_store, failing_blobs, runtime, extractor, world.clock(),
               options) {
    keep(runtime.loop());
    acme = world.tenant("acme");
    who = {acme, world.account(acme, "hanako@acme.example")};
    twin = {acme, world.account(acme, "taro@acme.example")};
  }
  ~Fixture() { runtime.stop(); }

  void append(MailAccount account, const std::string& bytes) {
    std::vector<NewMessage> messages;
    messages.push_back({bytes, {}, world.clock().now()});
    REQUIRE(runtime.call(mailboxes.append(account, "INBOX", std::move(messages))).has_value());
  }
  std::vector<std::uint32_t> uids(MailAccount account, const SearchQuery& query) {
    const auto hits = runtime.call(search.run(account, {}, query));
    if (!hits) FAIL(hits.error().text());
    std::vector<std::uint32_t> out;
    for (const SearchHit& hit : *hits)
      out.push_back(hit.entry.uid.value);
    return out;
  }
  SearchIndexStatus status() {
    const auto status = runtime.call(indexer.status(who));
    if (!status) FAIL(status.error().text());
    return *status;
  }
  std::size_t hits(const char* text, Field field = Field::body) {
    return uids(who, SearchQuery::contains(field, text)).size();
  }
  std::uint64_t index(MailAccount account) {
    const auto count = runtime.call(indexer.index(account));
    if (!count) FAIL(count.error().text());
    return *count;
  }
  std::uint64_t read(MailAccount account) {
    std::uint64_t all = 0;
    for (;;) {
      const auto count = runtime.call(reader.read(account));
      if (!count) FAIL(count.error().text());
      if (*count == 0) return all;
      all += *count;
    }
  }

  World& world;
  testing::FaultPlan faults;
  store::MemoryBlobStore blobs;
  testing::FailingStore failing_store;
  testing::FailingBlobs failing_blobs;
  testing::FakeRuntime runtime;
  FakeExtractor extractor;
  Mailboxes mailboxes;
  Search search;
  SearchIndexer indexer;
  FileReader reader;
  TenantScope acme;
  MailAccount who, twin;
};

TEST_CASE("a file's text is found once it is extracted, by the index alone; the mail before that") {
  on_every_engine([](World& world) {
    Fixture f(world);
    f.append(f.who, mail("greetings", {{"見積.docx", "御見積書の合計 quotation"}}));
    f.append(f.who, mail("greetings", {{"photo.jpg", "御見積書"}}));
    CHECK(f.hits("quotation") == 0);
    CHECK(f.index(f.who) == 2);
    CHECK(f.hits("greetings") == 2);
    CHECK(f.hits("quotation") == 0);
    CHECK(f.status().files_waiting == 1);
    CHECK(f.read(f.who) == 1);
    CHECK(f.status().files_waiting == 1);  // for the index
    CHECK(f.extractor.calls == 1);
    CHECK(f.extractor.asked.tenant == f.acme.tenant);
    CHECK(f.index(f.who) == 0);  // no mail is new
    const std::uint64_t before = f.search.mails_read();
    CHECK(f.hits("quotation") == 1);
    CHECK(f.hits("QUOTATION", Field::any) == 1);
    CHECK(f.hits("見積") == 1);
    CHECK(f.hits("greetings") == 2);
    CHECK(f.hits("quotation", Field::subject) == 0);
    CHECK(f.search.mails_read() == before);
    CHECK(f.hits("見積書の合計") == 1);  // a phrase: the mail is read, its file isn't extracted
    CHECK(f.search.mails_read() > before);
    CHECK(f.extractor.calls == 1);
    CHECK(f.uids(f.who, SearchQuery::not_(SearchQuery::contains(Field::body, "quotation"))) ==
          std::vector<std::uint32_t>{2});
    CHECK(f.uids(f.who, SearchQuery::all_of({SearchQuery::contains(Field::body, "quotation"),
                                             SearchQuery::contains(Field::body, "greetings")}))
              .size() == 1);
    CHECK(f.status().mails == 2);
    CHECK(f.status().indexed == 2);
    CHECK(f.status().files_waiting == 0);
    CHECK(f.status().files_unread == 0);

    REQUIRE(f.runtime.call(f.indexer.rebuild(f.who)).has_value());
    CHECK(f.index(f.who) == 2);
    CHECK(f.read(f.who) == 1);  // extracted again
    CHECK(f.extractor.calls == 2);
    f.index(f.who);
    CHECK(f.hits("quotation") == 1);
  });
}

TEST_CASE("index and scan agree on files' text, through merges and expunges") {
  static constexpr const char* kWords[] = {"会議",     "請求書",       "invoice", "report",
                                           "東京都庁", "スケジュール", "hello",   "othello",
                                           "a",        "確認"};
  on_every_engine([](World& world) {
    Fixture f(world);
    std::mt19937 random(5);
    const auto words = [&](int count) {
      std::string out;
      for (int i = 0; i < count; ++i)
        out += std::string(kWords[random() % std::size(kWords)]) + (random() % 2 == 0 ? " " : "");
      return out;
    };
    for (int round = 0; round < 12; ++round) {
      for (int i = 0; i < 20; ++i) {
        std::vector<File> files;
        for (std::size_t k = random() % 3; k > 0; --k)
          files.push_back({k == 1 ? "a.pdf" : "b.XLSX", words(3)});
        const std::string bytes = mail(words(2), files);
        f.append(f.who, bytes);
        f.append(f.twin, bytes);
      }
      for (const MailAccount& account : {f.who, f.twin}) {
        f.index(account);
        f.read(account);
      }
      f.index(f.who);
      world.clock().advance(std::chrono::hours(1));
      if (round % 3 != 2) continue;
      // The twin forgets its index, and keeps the texts: it is scanned.
      REQUIRE(f.runtime.call(f.indexer.rebuild(f.twin)).has_value());
      for (const char* word : kWords) {
        for (const std::string& needle : {std::string(word), std::string(word).substr(0, 3),
                                          std::string(word) + " " + kWords[random() % 10]}) {
          CAPTURE(needle);
          const SearchQuery query = SearchQuery::contains(Field::any, needle);
          CHECK(f.uids(f.who, query) == f.uids(f.twin, query));
        }
      }
    }
    const auto status = f.runtime.call(f.indexer.status(f.who));
    REQUIRE(status.has_value());
    CHECK(status->indexed == 240);
    CHECK(status->segments < 16);
  });
}

TEST_CASE("what can't be read is told as data, and what is too much is left out") {
  World world;
  Fixture f(world);
  std::vector<File> many(60, File{"a.pdf", "short"});
  f.append(f.who, mail("m", {{"a.pdf", "locked"}, {"b.pdf", "beside it"}}));
  f.append(f.who, mail("m", {{"a.pdf", std::string(2'000, 'x')}, {"b.pdf", "never seen"}}));
  f.append(f.who, mail("m", many));
  f.index(f.who);
  CHECK(f.read(f.who) == 3);
  f.index(f.who);
  CHECK(f.hits("beside") == 1);
  CHECK(f.hits("never") == 0);
  CHECK(f.reader.files(Outcome::encrypted) == 1);
  CHECK(f.reader.files(Outcome::over_limit) == 2);
  CHECK(f.reader.files(Outcome::whole) == 51);
  CHECK(f.status().files_waiting == 0);
  CHECK(f.status().files_unread == 3 + 10);  // the last ten of sixty are not even tried
  auto kept = [&](Tx& tx) -> Result<std::vector<FileText>> {
    FUMI_TRY(const auto emails, tx.search().emails(f.who.account, {}, 10));
    FUMI_TRY(const auto text, tx.attachment_texts().find(f.who.account, emails.at(0)));
    return decode_file_texts(text.value());
  };
  const auto files = world.write(f.acme, kept);
  REQUIRE(files.has_value());
  REQUIRE(files->size() == 2);
  CHECK(files->at(0).text.outcome == Outcome::encrypted);
  CHECK(files->at(0).text.reason == "with a password");
  CHECK(files->at(1).file == 1);
}

TEST_CASE("an extractor that is down delays nothing but its files, and is given up in the end") {
  World world;
  Fixture f(world);
  f.extractor.down = true;
  f.append(f.who, mail("body", {{"a.pdf", "words"}}));
  f.index(f.who);
  CHECK(f.hits("body") == 1);
  for (int attempt = 0; attempt < 20; ++attempt) {
    CHECK(f.runtime.call(f.reader.read(f.who)).error().code == Code::unavailable);
    CHECK(f.runtime.call(f.reader.read(f.who)).value() == 0);  // it is claimed
    world.clock().advance(std::chrono::hours(1));
  }
  CHECK(f.extractor.calls == 20);
  CHECK(f.read(f.who) == 1);
  CHECK(f.extractor.calls == 20);
  CHECK(f.reader.files(Outcome::unsupported) == 1);
  CHECK(f.index(f.who) == 0);
  f.extractor.down = false;
  REQUIRE(f.runtime.call(f.indexer.rebuild(f.who)).has_value());
  f.index(f.who);
  f.read(f.who);
  f.index(f.who);
  CHECK(f.hits("words") == 1);
}

TEST_CASE("mail that can't be opened is given up, and keeps no other account waiting") {
  World world;
  Fixture f(world);
  f.append(f.who, mail("body", {{"a.pdf", "words"}}));
  f.append(f.twin, mail("body", {{"a.pdf", "words"}}));
  f.index(f.who);
  f.index(f.twin);
  for (int attempt = 0; attempt < 21; ++attempt) {
    f.faults.arm(3);  // the mail's octets: behind the claim and the look-up
    CHECK_FALSE(f.runtime.call(f.reader.read(f.who)).has_value());
    REQUIRE(f.faults.operations == 3);
    world.clock().advance(std::chrono::hours(1));
  }
  f.faults.arm(0);
  CHECK(f.status().files_waiting == 1);
  CHECK(f.read(f.who) == 1);
  CHECK(f.status().files_unread == 1);
  CHECK(f.read(f.who) == 0);
  CHECK(f.index(f.who) == 0);
  CHECK(f.status().files_waiting == 0);
  CHECK(f.hits("body") == 1);
  CHECK(f.read(f.twin) == 1);
}

TEST_CASE("mail that is gone by its turn, and mail without files, is dismissed") {
  World world;
  Fixture f(world);
  f.append(f.who, mail("body", {}));
  f.append(f.who, mail("body", {{"a.pdf", "words"}}));
  f.index(f.who);
  auto want_all = [&](Tx& tx) -> Status {  // as a migration does
    FUMI_TRY(const auto emails, tx.search().emails(f.who.account, {}, 10));
    return tx.attachment_texts().want(f.who.account, emails);
  };
  REQUIRE(world.write(f.acme, want_all).has_value());
  CHECK(f.status().files_waiting == 2);
  auto tasks = [&](Tx& tx) {
    const Instant now = world.clock().now();
    return tx.attachment_texts().claim(f.who.account, now, now, 10);
  };
  REQUIRE(world.write(f.acme, tasks)->size() == 2);
  CHECK(f.read(f.who) == 2);
  CHECK(f.status().files_waiting == 1);
  CHECK(f.extractor.calls == 1);
  f.index(f.who);
  CHECK(f.status().files_waiting == 0);
  CHECK(f.hits("words") == 1);
}

TEST_CASE("kept text that is damaged counts as not there; the mail is found by its words") {
  World world;
  Fixture f(world);
  f.append(f.who, mail("greetings", {{"a.pdf", "words in files"}}));
  f.append(f.who, mail("greetings", {{"a.pdf", "words in files"}}));
  f.index(f.who);
  f.read(f.who);
  auto damage = [&](Tx& tx) -> Status {
    FUMI_TRY(const auto emails, tx.search().emails(f.who.account, {}, 10));
    return tx.attachment_texts().put(f.who.account, emails.at(0), {"not the form", 0});
  };
  REQUIRE(world.write(f.acme, damage).has_value());
  CHECK(f.index(f.who) == 0);
  CHECK(f.status().files_waiting == 0);
  CHECK(f.hits("words in") == 1);
  CHECK(f.hits("greetings") == 2);
  REQUIRE(f.runtime.call(f.indexer.rebuild(f.who)).has_value());
  CHECK(f.hits("greetings") == 2);  // by reading
  f.index(f.who);
  f.read(f.who);
  f.index(f.who);
  CHECK(f.hits("words in") == 2);
}

TEST_CASE("large texts of files are read and compared a part at a time") {
  World world;
  SearchIndexOptions options = small_batches();
  options.attachment_text_max = config::mib(3);
  Fixture f(world, options);
  for (int i = 0; i < 5; ++i) {
    const char* end = i % 2 == 0 ? "packed jumps over" : "packed over jumps";
    f.append(f.who, mail("body", {{"a.pdf", end}}));
  }
  f.index(f.who);
  CHECK(f.read(f.who) == 5);
  REQUIRE(f.runtime.call(f.indexer.rebuild(f.who)).has_value());
  const std::uint64_t before = f.search.mails_read();
  CHECK(f.hits("jumps over") == 3);
  CHECK(f.hits("over jumps") == 2);
  CHECK(f.search.mails_read() - before == 10);  // each once
}

TEST_CASE("for how long files have been waiting is told") {
  World world;
  Fixture f(world);
  f.extractor.down = true;
  f.append(f.who, mail("body", {{"a.pdf", "file"}}));
  f.append(f.twin, mail("body", {{"a.pdf", "file"}}));
  f.index(f.who);
  f.index(f.twin);
  world.clock().advance(std::chrono::minutes(3));
  f.reader.start(1);
  f.runtime.advance(std::chrono::seconds(5));
  CHECK(f.reader.accounts_waiting() == 2);
  CHECK(f.reader.lag() >= std::chrono::minutes(3));
  f.extractor.down = false;
  for (int turn = 0; turn < 15; ++turn)
    f.runtime.advance(std::chrono::minutes(1));
  CHECK(f.reader.accounts_waiting() == 0);
  CHECK(f.reader.lag() == Duration::zero());
  CHECK(f.reader.files(Outcome::whole) == 2);
}

TEST_CASE("a failure anywhere is made good by the next turn") {
  World world;
  Fixture f(world);
  for (int i = 0; i < 5; ++i)
    f.append(f.who, mail("body", {{"a.pdf", "file " + std::to_string(i)}}));
  f.append(f.who, mail("body", {}));
  bool done = false;
  for (std::size_t at = 1; !done; ++at) {
    REQUIRE(f.runtime.call(f.indexer.rebuild(f.who)).has_value());
    f.faults.arm(at);
    for (int turn = 0; turn < 3; ++turn) {
      static_cast<void>(f.runtime.call(f.indexer.index(f.who)));
      static_cast<void>(f.runtime.call(f.reader.read(f.who)));
    }
    static_cast<void>(f.runtime.call(f.indexer.index(f.who)));
    done = !f.faults.went_off();
    f.faults.arm(0);
    world.clock().advance(std::chrono::hours(1));  // leases and claims run out
    f.index(f.who);
    f.read(f.who);
    f.index(f.who);
    CAPTURE(at);
    CHECK(f.hits("file") == 5);
    CHECK(f.hits("body") == 6);
    world.clock().advance(std::chrono::hours(1));
  }
}

TEST_CASE("in the background, by several workers, until it is told to stop") {
  World world;
  Fixture f(world);
  for (const MailAccount& account : {f.who, f.twin}) {
    for (int i = 0; i < 10; ++i)
      f.append(account, mail("body", {{"a.pdf", "file"}}));
  }
  f.indexer.start();
  f.reader.start(2);
  f.runtime.advance(std::chrono::seconds(5));
  f.runtime.advance(std::chrono::seconds(5));
  f.runtime.advance(std::chrono::seconds(5));
  CHECK(f.extractor.calls == 20);
  CHECK(f.hits("file") == 10);
  f.append(f.who, mail("body", {{"a.pdf", "file"}}));
  f.append(f.who, mail("body", {{"a.pdf", "lost"}}));
  f.runtime.advance(std::chrono::seconds(5));
  f.runtime.advance(std::chrono::seconds(5));
  f.runtime.advance(std::chrono::seconds(5));
  CHECK(f.hits("file") == 11);
}

TEST_CASE("switched off, no file is opened") {
  World world;
  SearchIndexOptions off = small_batches();
  off.attachment_text_max = config::ByteCount{0};
  Fixture f(world, off);
  f.append(f.who, mail("body", {{"a.pdf", "file"}}));
  f.index(f.who);
  f.reader.start(2);
  f.runtime.advance(std::chrono::seconds(5));
  CHECK(f.read(f.who) == 0);
  CHECK(f.extractor.calls == 0);
}

TEST_CASE("another tenant's account has no files to be read") {
  World world;
  Fixture f(world);
  f.append(f.who, mail("body", {{"a.pdf", "file"}}));
  f.index(f.who);
  const TenantScope other = world.tenant("other");
  CHECK(f.runtime.call(f.reader.read({other, f.who.account})).value() == 0);
  CHECK(f.runtime.call(f.reader.read(f.twin)).value() == 0);
  CHECK(f.extractor.calls == 0);
  CHECK(f.read(f.who) == 1);
}

TEST_CASE("which parts are files with text, by type or by name") {
  const auto files = [](const std::string& headers) {
    const std::string raw = headers + "\r\n\r\nx\r\n";
    const mime::Summary summary = mime::parse(raw);
    return files_of(summary.root).size();
  };
  CHECK(files("Content-Type: application/pdf") == 1);
  CHECK(files("Content-Type: application/vnd.oasis.opendocument.text") == 1);
  CHECK(files("Content-Type: application/octet-stream; name=\"A.DOCX\"") == 1);
  CHECK(files("Content-Type: application/octet-stream\r\nContent-Disposition: attachment;"
              " filename*=utf-8''%E8%A6%8B.xlsx") == 1);
  CHECK(files("Content-Type: text/rtf") == 1);
  CHECK(files("Content-Type: text/plain; name=a.pdf") == 0);  // read as it is
  CHECK(files("Content-Type: image/jpeg; name=a.jpg") == 0);
  CHECK(files("Content-Type: application/zip; name=a.zip") == 0);
  CHECK(files("Content-Type: application/octet-stream") == 0);
}

TEST_CASE("the kept form is read back, and damage is told") {
  std::vector<FileText> files(3);
  files[0].text = {Outcome::whole, "docx", "", "text\nwith 1 2 3\nlines"};
  files[1].file = 1;
  files[1].text = {Outcome::encrypted, "", "with a password", ""};
  files[2].file = 7;
  files[2].text = {Outcome::over_limit, "pdf", "too much", "会議"};
  const std::string bytes = encode_file_texts(files);
  const auto back = decode_file_texts(bytes);
  REQUIRE(back.has_value());
  REQUIRE(back->size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(back->at(i).file == files[i].file);
    CHECK(back->at(i).text.outcome == files[i].text.outcome);
    CHECK(back->at(i).text.form == files[i].text.form);
    CHECK(back->at(i).text.reason == files[i].text.reason);
    CHECK(back->at(i).text.text == files[i].text.text);
  }
  for (const char* bad : {"", "2\n", "1\nx", "1\n0 1 5 f\n\nfour", "1\n0 9 0 f\n\n", "1\n0 1",
                          "1\n-1 1 0 f\n\n", "1\n0 1 99999999999999999999 f\n\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_file_texts(bad).has_value());
  }
}

}  // namespace
}  // namespace fumi::service
