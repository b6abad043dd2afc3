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
