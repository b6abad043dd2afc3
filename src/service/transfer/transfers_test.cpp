#include "service/transfer/transfers.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "service/testing/service_world.h"

using namespace fumi;
using namespace fumi::service;
using service::testing::ServiceWorld;

namespace {

struct Rig {
  Rig() {
    acme = w.tenant("acme.example");
    hanako = {acme, w.account(acme, "hanako@acme.example", 20'000)};
    other = w.tenant("other.example");
    ken = {other, w.account(other, "ken@other.example")};
  }
  static MailItem item(const std::string& subject, const std::string& folder = "INBOX") {
    MailItem item;
    item.folder = folder;
    item.flags.bits = Flags::seen;
    item.flags.keywords = {"work", "$Forwarded", "no atom"};
    item.received = from_micros(1'700'000'000'000'000);
    item.bytes = service::testing::mail("taro@acme.example", subject);
    return item;
  }
  ImportId begin(MailAccount who) {
    const auto job = w.call(transfers.begin(who, "test"));
    REQUIRE(job.has_value());
    return job->id;
  }
  Result<ImportJob> add(MailAccount who, ImportId id, std::vector<MailItem> items) {
    return w.call(transfers.add(who, id, std::move(items)));
  }
  std::vector<std::string> verbs(const TenantScope& scope) {
    std::vector<std::string> out;
    for (const Record& record : w.records(scope, {RecordKind::operation}))
      if (record.from.starts_with("mail.")) out.push_back(record.from);
    return out;
  }
  std::size_t mails(const MailAccount& who, const std::string& folder = "INBOX") {
    return w.messages(who.scope, who.account, folder).size();
  }

  ServiceWorld w;
  TenantScope acme, other;
  MailAccount hanako, ken;
  Transfers transfers{w.store, w->mailboxes, w->runtime, w.world.clock(), w.world.ids()};
};

}  // namespace

TEST_CASE("what is imported has its folder, flags and date, and comes out again") {
  Rig r;
  const ImportId id = r.begin(r.hanako);
  MailItem sent = Rig::item("two", "Sent Items");
  sent.role = MailboxRole::sent;
  MailItem empty;
  empty.folder = "空/箱";
  const auto job = r.add(r.hanako, id, {Rig::item("one"), sent, empty, Rig::item("three", "a/b")});
  REQUIRE(job.has_value());
  CHECK(job->imported == 3);
  CHECK(job->skipped == 0);
  const auto done = r.w.call(r.transfers.finish(r.hanako, id));
  REQUIRE(done.has_value());
  CHECK(done->state == ImportJob::State::done);
  CHECK(r.verbs(r.acme) == std::vector<std::string>{"mail.import.begin", "mail.import"});
  CHECK(r.add(r.hanako, id, {Rig::item("late")}).error().code == Code::conflict);

  auto out = r.w.call(r.transfers.export_mail(r.hanako, ""));
  REQUIRE(out.has_value());
  std::vector<std::string> folders;
  std::vector<MailItem> mails;
  for (;;) {
    auto next = r.w.call((*out)->next());
    REQUIRE(next.has_value());
    if (!*next) break;
    if ((*next)->bytes.empty())
      folders.push_back((*next)->folder);
    else
      mails.push_back(std::move(**next));
  }
  CHECK(std::find(folders.begin(), folders.end(), "空/箱") != folders.end());
  CHECK(std::find(folders.begin(), folders.end(), "a/b") != folders.end());
  CHECK(std::find(folders.begin(), folders.end(), "Sent Items") == folders.end());
  REQUIRE(mails.size() == 3);
  for (const MailItem& mail : mails) {
    CHECK(mail.flags.bits == Flags::seen);
    CHECK(mail.flags.keywords == std::vector<std::string>{"$Forwarded", "work"});
    CHECK(mail.received == Rig::item("x").received);
  }
  CHECK(r.verbs(r.acme).back() == "mail.export");
}

TEST_CASE("repeated, an import brings what is missing, and keeps what the source has twice") {
  Rig r;
  const std::vector<MailItem> source{Rig::item("one"), Rig::item("two"), Rig::item("two"),
                                     Rig::item("three", "Work")};
  const ImportId first = r.begin(r.hanako);
  REQUIRE(r.add(r.hanako, first, {source[0], source[1]}).has_value());
  const ImportId second = r.begin(r.hanako);  // the first one's client has died
  CHECK(r.add(r.hanako, first, {source[2]}).error().code == Code::conflict);
  const auto job = r.add(r.hanako, second, source);
  REQUIRE(job.has_value());
  CHECK(job->imported == 2);
  CHECK(job->skipped == 2);
  CHECK(r.mails(r.hanako) == 3);
  const ImportId third = r.begin(r.hanako);
  CHECK(r.add(r.hanako, third, source)->skipped == 4);
  CHECK(r.mails(r.hanako) == 3);
  // The same Message-ID, date, subject and size, but another message.
  MailItem twin = source[0];
  twin.bytes[twin.bytes.size() - 3] ^= 1;
  CHECK(r.add(r.hanako, third, {twin})->imported == 1);
  CHECK(r.w.call(r.transfers.cancel(r.hanako, third))->state == ImportJob::State::cancelled);
  CHECK(r.transfers.list(r.hanako).size() == 3);
}

TEST_CASE("over quota an import stops, and goes on when there is room") {
  Rig r;
  std::vector<MailItem> source;
  for (int i = 0; i < 4; ++i) {
    source.push_back(Rig::item(std::to_string(i)));
    source.back().bytes += std::string(8000, 'x') + "\r\n";
  }
  const ImportId id = r.begin(r.hanako);
  REQUIRE(r.add(r.hanako, id, {source[0]}).has_value());
  CHECK(r.add(r.hanako, id, source).error().code == Code::quota);
  CHECK(r.transfers.show(r.hanako, id)->state == ImportJob::State::failed);
  CHECK_FALSE(r.transfers.show(r.hanako, id)->failure.empty());
  CHECK(r.mails(r.hanako) == 1);
  AccountChange more;
  more.quota_octets = 0;
  REQUIRE(r.w.call(r.w->tenancy.update_account(r.acme, "hanako@acme.example", more)).has_value());
  const ImportId again = r.begin(r.hanako);
  const auto job = r.add(r.hanako, again, source);
  REQUIRE(job.has_value());
  CHECK(job->skipped == 1);
  CHECK(r.mails(r.hanako) == 4);
}

TEST_CASE("another tenant's or account's import and mail don't exist") {
  Rig r;
  const ImportId id = r.begin(r.hanako);
  const MailAccount crossed{r.other, r.hanako.account};
  CHECK(r.w.call(r.transfers.begin(crossed, "x")).error().code == Code::not_found);
  CHECK(r.w.call(r.transfers.export_mail(crossed, "")).error().code == Code::not_found);
  CHECK(r.add(r.ken, id, {Rig::item("x")}).error().code == Code::not_found);
  CHECK(r.w.call(r.transfers.finish(r.ken, id)).error().code == Code::not_found);
  CHECK(r.w.call(r.transfers.cancel(r.ken, id)).error().code == Code::not_found);
  CHECK(r.transfers.show(r.ken, id).error().code == Code::not_found);
  CHECK(r.transfers.list(r.ken).empty());
  CHECK(r.add(crossed, id, {Rig::item("x")}).error().code == Code::not_found);
  CHECK(r.mails(r.hanako) == 0);
  CHECK(r.w.call(r.transfers.export_mail(r.hanako, "none")).error().code == Code::not_found);
  CHECK(r.transfers.show(r.hanako, ImportId(7)).error().code == Code::not_found);
  MailItem bad = Rig::item("x", "a//b");
  CHECK(r.add(r.hanako, id, {bad}).error().code == Code::invalid);
  const std::vector<MailItem> many(Transfers::kBatchItemsMax + 1);
  const ImportId next = r.begin(r.hanako);
  CHECK(r.add(r.hanako, next, many).error().code == Code::too_large);
}

namespace {

Task<void> add_and_note(Transfers& transfers, MailAccount who, ImportId id,
                        std::vector<MailItem> items, std::optional<Code>& ended) {
  const Result<ImportJob> job = co_await transfers.add(who, id, std::move(items));
  ended = job ? std::optional<Code>() : job.error().code;
}

}  // namespace

TEST_CASE("an import that is at work is stopped between commits by the next one") {
  Rig r;
  AccountChange more;
  more.quota_octets = 0;
  REQUIRE(r.w.call(r.w->tenancy.update_account(r.acme, "hanako@acme.example", more)).has_value());
  std::vector<MailItem> source;
  for (int i = 0; i < 400; ++i)
    source.push_back(Rig::item(std::to_string(i)));
  const ImportId first = r.begin(r.hanako);
  std::optional<Code> ended;
  r.w->runtime.spawn("add", add_and_note(r.transfers, r.hanako, first, source, ended));
  const ImportId second = r.begin(r.hanako);
  CHECK(ended == Code::conflict);
  CHECK(r.transfers.show(r.hanako, first)->state == ImportJob::State::failed);
  CHECK(r.mails(r.hanako) < 400);
  CHECK(r.add(r.hanako, second, source).has_value());
  CHECK(r.mails(r.hanako) == 400);
}

TEST_CASE("as many imports run as the limit says; those that ended make place") {
  Rig r;
  std::vector<MailAccount> many;
  for (std::size_t i = 0; i < Transfers::kJobsMax; ++i) {
    many.push_back({r.acme, r.w.account(r.acme, "u" + std::to_string(i) + "@acme.example")});
    r.begin(many.back());
  }
  CHECK(r.w.call(r.transfers.begin(r.hanako, "x")).error().code == Code::rate_limited);
  const ImportId ended = r.transfers.list(many[3])[0].id;
  REQUIRE(r.w.call(r.transfers.finish(many[3], ended)).has_value());
  r.begin(r.hanako);
  CHECK(r.transfers.list(many[3]).empty());
}

namespace {

MailItem from(MailItem item, std::uint32_t uid, std::uint32_t validity = 7,
              const std::string& folder = "INBOX") {
  item.origin = MailOrigin{folder, validity, uid};
  return item;
}

// Flags alone, as a second run tells them.
MailItem flags_of(std::uint32_t uid, std::uint32_t bits, std::vector<std::string> keywords = {}) {
  MailItem item;
  item.folder = "INBOX";
  item.origin = MailOrigin{"INBOX", 7, uid};
  item.flags = {bits, std::move(keywords)};
  return item;
}

}  // namespace

TEST_CASE("an import goes on by UIDs: nothing comes twice, and copies at the source stay copies") {
  Rig r;
  const auto known = [&](ImportId id, const std::string& folder = "INBOX") {
    const auto found = r.w.call(r.transfers.known(r.hanako, id, folder));
    REQUIRE(found.has_value());
    return std::pair(found->uid_validity, found->uids);
  };
  const ImportId first = r.begin(r.hanako);
  CHECK(known(first) == std::pair(0U, std::string()));
  const auto two = r.add(r.hanako, first, {from(Rig::item("same"), 1), from(Rig::item("b"), 2)});
  REQUIRE(two.has_value());
  CHECK(two->imported == 2);
  // Its client is killed here. The next one sends what was on its way again, and UID 5, a copy.
  const ImportId second = r.begin(r.hanako);
  CHECK(known(second) == std::pair(7U, std::string("1:2")));
  CHECK(known(second, "Work") == std::pair(0U, std::string()));
  const auto more = r.add(r.hanako, second,
                          {from(Rig::item("b"), 2), from(Rig::item("c"), 4),
                           from(Rig::item("same"), 5), from(Rig::item("same"), 5)});
  REQUIRE(more.has_value());
  CHECK(more->imported == 2);
  CHECK(more->skipped == 2);
  CHECK(known(second) == std::pair(7U, std::string("1:2,4:5")));
  CHECK(r.mails(r.hanako) == 4);
  // Removed here, it doesn't come again.
  REQUIRE(r.w.call(r.w->mailboxes.remove(r.hanako, "Work")).error().code == Code::not_found);
  // The source gives all of them other UIDs: each finds its message by its octets.
  const ImportId third = r.begin(r.hanako);
  const auto renumbered =
      r.add(r.hanako, third,
            {from(Rig::item("same"), 1, 8), from(Rig::item("b"), 2, 8), from(Rig::item("c"), 3, 8),
             from(Rig::item("same"), 4, 8), from(Rig::item("same"), 5, 8)});
  REQUIRE(renumbered.has_value());
  CHECK(renumbered->skipped == 4);
  CHECK(renumbered->imported == 1);
  CHECK(known(third) == std::pair(8U, std::string("1:5")));
  CHECK(known(r.begin(r.hanako)) == std::pair(8U, std::string("1:5")));
}

TEST_CASE("what came by another way is found by its octets, and known by its origin from then on") {
  Rig r;
  const ImportId plain = r.begin(r.hanako);
  REQUIRE(r.add(r.hanako, plain, {Rig::item("a"), Rig::item("b")}).has_value());
  const ImportId id = r.begin(r.hanako);
  const auto job = r.add(r.hanako, id, {from(Rig::item("b"), 9)});
  REQUIRE(job.has_value());
  CHECK(job->skipped == 1);
  CHECK(r.w.call(r.transfers.known(r.hanako, r.begin(r.hanako), "INBOX"))->uids == "9");
  CHECK(r.mails(r.hanako) == 2);
}

TEST_CASE("flags: what changed at the source changes here, what changed here stays") {
  Rig r;
  const ImportId id = r.begin(r.hanako);
  REQUIRE(r.add(r.hanako, id, {from(Rig::item("a"), 1), from(Rig::item("b"), 2)}).has_value());
  const auto inbox = r.w.call(r.w->mailboxes.open(r.hanako, "INBOX"));
  REQUIRE(inbox.has_value());
  StoreFlags here;
  here.uids = {inbox->entries[0].uid};
  here.operation = FlagsOperation::add;
  here.flags = {Flags::flagged, {"mine"}};
  REQUIRE(r.w.call(r.w->mailboxes.store_flags(r.hanako, inbox->mailbox.id, here)).has_value());
  const ImportId next = r.begin(r.hanako);
  const auto told = [&](std::uint64_t updated) {
    const auto job = r.add(r.hanako, next,
                           {flags_of(1, Flags::answered, {"work", "new"}),
                            flags_of(2, Flags::seen, {"$Forwarded", "work"}), flags_of(3, 1)});
    REQUIRE(job.has_value());
    CHECK(job->updated == updated);
    const auto now = r.w.call(r.w->mailboxes.open(r.hanako, "INBOX"));
    REQUIRE(now->entries.size() == 2);
    CHECK(now->entries[0].flags ==
          Flags{Flags::flagged | Flags::answered, {"mine", "new", "work"}});
    CHECK(now->entries[1].flags == Flags{Flags::seen, {"$Forwarded", "work"}});
  };
  told(1);
  told(1);  // again: nothing has changed
}

TEST_CASE("origins are an account's own, and a source's own") {
  Rig r;
  const ImportId id = r.begin(r.hanako);
  REQUIRE(r.add(r.hanako, id, {from(Rig::item("a"), 1)}).has_value());
  CHECK(r.w.call(r.transfers.known(r.ken, id, "INBOX")).error().code == Code::not_found);
  CHECK(r.w.call(r.transfers.known(r.ken, r.begin(r.ken), "INBOX"))->uids.empty());
  const auto other = r.w.call(r.transfers.begin(r.hanako, "another source"));
  CHECK(r.w.call(r.transfers.known(r.hanako, other->id, "INBOX"))->uids.empty());
  CHECK(r.w.call(r.transfers.known(r.hanako, id, "INBOX")).error().code == Code::conflict);
}

TEST_CASE("many messages make few objects, and all of them are known") {
  Rig r;
  const ImportId id = r.begin(r.ken);
  for (std::uint32_t uid = 1; uid <= 1200; uid += 100) {
    std::vector<MailItem> items;
    for (std::uint32_t i = uid; i < uid + 100; ++i)
      items.push_back(from(Rig::item(std::to_string(i)), i));
    REQUIRE(r.add(r.ken, id, std::move(items)).has_value());
  }
  CHECK(r.w.call(r.transfers.known(r.ken, r.begin(r.ken), "INBOX"))->uids == "1:1200");
  Store& store = r.w.store;
  const auto objects = r.w.call(store.read(r.other, [&](Tx& tx) {
    return tx.objects().list(r.ken.account, ObjectKind::import_origins);
  }));
  REQUIRE(objects.has_value());
  CHECK(objects->size() < 5);
}
