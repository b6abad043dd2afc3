#include "service/mailbox/mailboxes.h"

#include <doctest/doctest.h>

#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::mail;
using testing::ServiceWorld;

template <class T>
Code code_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

struct Fixture {
  Fixture() {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = {acme, w.account(acme, "hanako@acme.example")};
    taro = {acme, w.account(acme, "taro@acme.example")};
    ken = {other, w.account(other, "ken@other.example")};
  }
  Mailboxes& m() { return w->mailboxes; }
  std::vector<Appended> append(std::size_t count, const std::string& to = "INBOX") {
    std::vector<NewMessage> messages;
    for (std::size_t i = 0; i < count; ++i)
      messages.push_back({mail("a@b.example", "m" + std::to_string(i)), {}, std::nullopt});
    auto got = w.call(m().append(hanako, to, std::move(messages)));
    REQUIRE(got.has_value());
    return std::move(*got);
  }
  ServiceWorld w;
  TenantScope acme, other;
  MailAccount hanako, taro, ken;
};

TEST_CASE("append: all messages or none, durable, with the flags and date that were given") {
  Fixture f;
  NewMessage dated{mail("a@b.example", "dated"), {}, from_micros(1'600'000'000'000'000)};
  dated.flags.bits = Flags::seen;
  std::vector<NewMessage> messages;
  messages.push_back(dated);
  messages.push_back({mail("a@b.example", "now"), {}, std::nullopt});
  const std::size_t writes = f.w.faults.writes;
  auto got = f.w.call(f.m().append(f.hanako, "Sent", messages));
  REQUIRE(got.has_value());
  CHECK(f.w.faults.writes == writes + 1);
  auto opened = f.w.call(f.m().open(f.hanako, "Sent"));
  REQUIRE(opened.has_value());
  REQUIRE(opened->entries.size() == 2);
  CHECK(opened->entries[0].received == from_micros(1'600'000'000'000'000));
  CHECK(opened->entries[0].flags.has(Flags::seen));
  CHECK(opened->entries[1].received == f.w.world.clock().now());
  auto emails = f.w.call(f.m().emails(f.hanako, opened->mailbox.id, {Uid{1}, Uid{2}}));
  REQUIRE(emails->size() == 2);
  auto body = f.w.call(f.m().body(f.hanako, emails->at(0).second.blob));
  CHECK(*body == dated.bytes);
  CHECK(code_of(f.w.call(f.m().append(f.hanako, "No such", messages))) == Code::not_found);
}

TEST_CASE("append under faults: nothing half there") {
  Fixture f;
  std::vector<NewMessage> messages(2, {mail("a@b.example"), {}, std::nullopt});
  for (std::size_t at = 1;; ++at) {
    REQUIRE(at < 20);
    f.w.faults.arm(at);
    auto got = f.w.call(f.m().append(f.hanako, "INBOX", messages));
    const bool clean = !f.w.faults.went_off();
    f.w.faults.arm(0);
    const std::size_t there = f.w.messages(f.acme, f.hanako.account).size();
    if (clean) {
      CHECK(got.has_value());
      CHECK(there == 2);
      break;
    }
    CHECK(code_of(got) == Code::unavailable);
    CHECK(there == 0);
  }
}

TEST_CASE("quota: what does not fit is refused whole") {
  Fixture f;
  const MailAccount small{f.acme, f.w.account(f.acme, "small@acme.example", 300)};
  std::vector<NewMessage> messages(3, {mail("a@b.example"), {}, std::nullopt});
  CHECK(code_of(f.w.call(f.m().append(small, "INBOX", messages))) == Code::quota);
  CHECK(f.w.call(f.m().account(small))->used_octets == 0);
}

TEST_CASE("commands on mailboxes, and their errors") {
  Fixture f;
  REQUIRE(f.w.call(f.m().create(f.hanako, "Work/2026", MailboxRole::none)).has_value());
  CHECK(f.w.call(f.m().find(f.hanako, "Work")).has_value());  // superior levels come with it
  CHECK(code_of(f.w.call(f.m().create(f.hanako, "Work", MailboxRole::none))) == Code::conflict);
  REQUIRE(f.w.call(f.m().rename(f.hanako, "Work", "Arbeit")).has_value());
  CHECK(f.w.call(f.m().find(f.hanako, "Arbeit/2026")).has_value());
  REQUIRE(f.w.call(f.m().subscribe(f.hanako, "Arbeit", Mailboxes::Subscription::off)));
  CHECK_FALSE(f.w.call(f.m().find(f.hanako, "Arbeit"))->subscribed);
  REQUIRE(f.w.call(f.m().remove(f.hanako, "Arbeit/2026")).has_value());
  CHECK(code_of(f.w.call(f.m().remove(f.hanako, "Arbeit/2026"))) == Code::not_found);
  CHECK(code_of(f.w.call(f.m().remove(f.hanako, "INBOX"))) == Code::denied);
  CHECK(code_of(f.w.call(f.m().rename(f.hanako, "None", "Some"))) == Code::not_found);
  CHECK(f.w.call(f.m().find(f.hanako, "inbox"))->name == "INBOX");
}

TEST_CASE("flags, copies, moves and expunges are told by changes()") {
  Fixture f;
  f.append(4);
  auto opened = f.w.call(f.m().open(f.hanako, "INBOX"));
  const MailboxId inbox = opened->mailbox.id;
  const ModSeq since = opened->mailbox.modseq;
  StoreFlags change{{Uid{1}, Uid{2}}, FlagsOperation::add, {}, std::nullopt};
  change.flags.bits = Flags::deleted;
  REQUIRE(f.w.call(f.m().store_flags(f.hanako, inbox, change)).has_value());
  auto moved = f.w.call(f.m().move(f.hanako, inbox, {Uid{3}}, "Archive"));
  REQUIRE(moved.has_value());
  CHECK(moved->source == std::vector<Uid>{Uid{3}});
  auto gone = f.w.call(f.m().expunge(f.hanako, inbox, std::vector<Uid>{Uid{2}, Uid{4}}));
  REQUIRE(gone.has_value());
  CHECK(*gone == std::vector<Uid>{Uid{2}});
  auto copied = f.w.call(f.m().copy(f.hanako, inbox, {Uid{1}, Uid{9}}, "INBOX"));
  CHECK(copied->destination == std::vector<Uid>{Uid{5}});
  auto news = f.w.call(f.m().changes(f.hanako, inbox, since));
  REQUIRE(news.has_value());
  CHECK(news->changes.vanished == std::vector<Uid>{Uid{2}, Uid{3}});
  REQUIRE(news->changes.changed.size() == 2);
  CHECK(news->changes.changed[1].uid == Uid{5});
  CHECK(news->mailbox.total == 3);
  CHECK(code_of(f.w.call(f.m().copy(f.hanako, inbox, {Uid{1}}, "None"))) == Code::not_found);
}

TEST_CASE("depart: expunges and marks at once, whatever others have removed or marked") {
  Fixture f;
  f.append(5);
  const MailboxId inbox = f.w.call(f.m().open(f.hanako, "INBOX"))->mailbox.id;
  StoreFlags change{{Uid{4}}, FlagsOperation::add, {}, std::nullopt};
  change.flags.bits = Flags::deleted;  // by somebody else: not ours to expunge
  REQUIRE(f.w.call(f.m().store_flags(f.hanako, inbox, change)).has_value());
  REQUIRE(f.w.call(f.m().move(f.hanako, inbox, {Uid{2}}, "Archive")).has_value());
  const auto gone = f.w.call(f.m().depart(f.hanako, inbox, {{Uid{1}, Uid{2}}, {Uid{3}, Uid{9}}}));
  REQUIRE(gone.has_value());
  CHECK(*gone == std::vector<Uid>{Uid{1}});
  const auto left = f.w.call(f.m().entries(f.hanako, inbox, Uid{1}));
  REQUIRE(left->size() == 3);
  CHECK(left->at(0).uid == Uid{3});
  CHECK(left->at(0).flags.has(Flags::seen));
  CHECK(left->at(1).flags.has(Flags::deleted));
  CHECK_FALSE(left->at(2).flags.has(Flags::seen));
  CHECK(f.w.call(f.m().depart(f.hanako, inbox, {}))->empty());
}

TEST_CASE("depart under faults: all or nothing") {
  Fixture f;
  f.append(3);
  const MailboxId inbox = f.w.call(f.m().open(f.hanako, "INBOX"))->mailbox.id;
  f.w.faults.arm(1);
  CHECK(code_of(f.w.call(f.m().depart(f.hanako, inbox, {{Uid{1}, Uid{2}}, {Uid{3}}}))) ==
        Code::unavailable);
  f.w.faults.arm(0);
  for (const Entry& entry : *f.w.call(f.m().entries(f.hanako, inbox, Uid{1})))
    CHECK(entry.flags.bits == 0);
  CHECK(f.w.call(f.m().entries(f.hanako, inbox, Uid{1}))->size() == 3);
}

TEST_CASE("annotations: whose, how many, how large; all or none") {
  Fixture f;
  const auto set = [&](const MailAccount& who, const std::string& mailbox,
                       Mailboxes::MetadataChanges changes) {
    return f.w.call(f.m().set_metadata(who, mailbox, std::move(changes)));
  };
  CHECK(set(f.hanako, "INBOX", {{"/private/a", "1"}, {"/shared/b", "2"}}).has_value());
  CHECK(set(f.hanako, "", {{"/private/a", "3"}}).has_value());
  CHECK(code_of(set(f.hanako, "", {{"/private/x", "4"}, {"/Shared/a", "4"}})) == Code::denied);
  CHECK(code_of(set(f.hanako, "None", {{"/private/a", "4"}})) == Code::not_found);
  const std::string large(Mailboxes::kMetadataOctetsMax + 1, 'x');
  CHECK(code_of(set(f.hanako, "", {{"/private/x", large}})) == Code::too_large);
  Mailboxes::MetadataChanges many;
  for (std::size_t i = 0; i < Mailboxes::kMetadataMax; ++i)
    many.emplace_back("/private/" + std::to_string(i), "x");
  CHECK(code_of(set(f.hanako, "", many)) == Code::quota);
  CHECK(f.w.call(f.m().metadata(f.hanako, ""))->size() == 1);
  CHECK(f.w.call(f.m().metadata(f.hanako, "INBOX"))->size() == 2);
  CHECK(f.w.call(f.m().metadata(f.taro, "INBOX"))->empty());
  for (const MailAccount& who : {MailAccount{f.other, f.hanako.account}}) {
    CHECK(code_of(f.w.call(f.m().metadata(who, "INBOX"))) == Code::not_found);
    CHECK(code_of(f.w.call(f.m().metadata(who, ""))) == Code::not_found);
    CHECK(code_of(set(who, "INBOX", {{"/private/a", "9"}})) == Code::not_found);
    CHECK(code_of(set(who, "", {{"/private/a", "9"}})) == Code::not_found);
  }
}

TEST_CASE("replace: one message for another in one transaction, or nothing") {
  Fixture f;
  f.append(2);
  const MailboxId inbox = f.w.call(f.m().find(f.hanako, "INBOX"))->id;
  const auto replace = [&](const MailAccount& who, const std::string& to, Uid uid) {
    std::vector<NewMessage> messages(1, {mail("a@b.example", "new"), {}, std::nullopt});
    return f.w.call(f.m().replace(who, to, std::move(messages), inbox, uid));
  };
  const std::size_t writes = f.w.faults.writes;
  REQUIRE(replace(f.hanako, "INBOX", Uid{1}).has_value());
  CHECK(f.w.faults.writes == writes + 1);
  const auto opened = f.w.call(f.m().open(f.hanako, "INBOX"));
  REQUIRE(opened->entries.size() == 2);
  CHECK(opened->entries.front().uid == Uid{2});
  CHECK(code_of(replace(f.hanako, "INBOX", Uid{1})) == Code::conflict);
  CHECK(code_of(replace(f.hanako, "None", Uid{2})) == Code::not_found);
  CHECK_FALSE(replace(f.taro, "INBOX", Uid{2}).has_value());
  CHECK_FALSE(replace(f.ken, "INBOX", Uid{2}).has_value());
  CHECK(f.w.messages(f.acme, f.hanako.account).size() == 2);
  // What goes makes room for what comes.
  const MailAccount small{f.acme, f.w.account(f.acme, "small@acme.example", 400)};
  std::vector<NewMessage> one(1, {mail("a@b.example", "old"), {}, std::nullopt});
  one.front().bytes += std::string(200, 'x');
  const auto first = f.w.call(f.m().append(small, "INBOX", one));
  REQUIRE(first.has_value());
  CHECK(code_of(f.w.call(f.m().append(small, "INBOX", one))) == Code::quota);
  CHECK(f.w.call(f.m().replace(small, "INBOX", one, first->front().mailbox, first->front().uid))
            .has_value());
}

TEST_CASE("another account's and another tenant's mailboxes are not there") {
  Fixture f;
  f.append(1);
  auto opened = f.w.call(f.m().open(f.hanako, "INBOX"));
  const MailboxId inbox = opened->mailbox.id;
  auto emails = f.w.call(f.m().emails(f.hanako, inbox, {Uid{1}}));
  const BlobRef blob = emails->at(0).second.blob;
  for (const MailAccount& who : {f.taro, f.ken, MailAccount{f.other, f.hanako.account}}) {
    CHECK(code_of(f.w.call(f.m().entries(who, inbox, Uid{1}))) == Code::not_found);
    CHECK(code_of(f.w.call(f.m().emails(who, inbox, {Uid{1}}))) == Code::not_found);
    CHECK(code_of(f.w.call(f.m().changes(who, inbox, ModSeq(1)))) == Code::not_found);
    StoreFlags change{{Uid{1}}, FlagsOperation::replace, {}, std::nullopt};
    const auto stored = f.w.call(f.m().store_flags(who, inbox, change));
    CHECK((!stored || stored->changed.empty()));
    const auto gone = f.w.call(f.m().expunge(who, inbox, std::nullopt));
    CHECK((!gone || gone->empty()));
    const auto departed = f.w.call(f.m().depart(who, inbox, {{Uid{1}}, {Uid{1}}}));
    CHECK((!departed || departed->empty()));
  }
  CHECK(f.w.call(f.m().entries(f.hanako, inbox, Uid{1}))->size() == 1);
  CHECK(code_of(f.w.call(f.m().body(f.ken, blob))) == Code::not_found);
  CHECK(code_of(f.w.call(f.m().account({f.other, f.hanako.account}))) == Code::not_found);
}

TEST_CASE("rows and annotations of some mailboxes: what the actor may see, and no others") {
  Fixture f;
  f.append(2);
  const MailboxId inbox = f.w.call(f.m().find(f.hanako, "INBOX"))->id;
  const MailboxId theirs = f.w.call(f.m().find(f.taro, "INBOX"))->id;
  const MailboxId abroad = f.w.call(f.m().find(f.ken, "INBOX"))->id;
  const auto acts = [&](const MailAccount& who) {
    return MailAccount{{f.acme.tenant, {Actor::Kind::account, who.account.value()}}, who.account};
  };
  const MailAccount hanako = acts(f.hanako);
  const MailAccount taro = acts(f.taro);
  const std::vector<MailboxOf> all{{f.hanako.account, inbox},
                                   {f.taro.account, theirs},
                                   {f.hanako.account, theirs},
                                   {f.ken.account, abroad},
                                   {f.hanako.account, MailboxId(987654)}};
  const auto rows = f.w.call(f.m().rows(hanako, all));
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().mailbox.total == 2);
  CHECK(rows->front().rights == Rights::all());
  CHECK(f.w.call(f.m().set_metadata(f.taro, "INBOX", {{"/private/a", "x"}})).has_value());
  CHECK(f.w.call(f.m().set_metadata(f.taro, "INBOX", {{"/shared/a", "x"}})).has_value());
  CHECK(f.w.call(f.m().set_metadata(f.taro, "", {{"/private/b", "x"}})).has_value());
  const std::vector<MailboxOf> some{
      {f.taro.account, MailboxId()}, {f.taro.account, theirs}, {f.ken.account, abroad}};
  const auto others = f.w.call(f.m().annotations(hanako, some));
  REQUIRE(others.has_value());
  REQUIRE(others->size() == 1);
  CHECK(others->front().second.empty());
  const auto own = f.w.call(f.m().annotations(taro, some));
  REQUIRE(own->size() == 2);
  CHECK((*own)[0].second.front().entry == "/private/b");
  CHECK((*own)[1].second.front().entry == "/private/a");

  // With rights: the mailbox by the reader's name for it, and of its annotations the shared ones.
  const auto grant = [&](const char* rights) {
    AclEdit edit;
    edit.identifier = "hanako@acme.example";
    edit.rights = *Rights::parse(rights);
    REQUIRE(f.w.call(f.m().set_acl(f.taro, std::string("INBOX"), edit)).has_value());
  };
  grant("l");
  const auto listed = f.w.call(f.m().rows(hanako, all));
  REQUIRE(listed->size() == 2);
  CHECK((*listed)[1].mailbox.name == "Other Users/taro@acme.example/INBOX");
  CHECK((*listed)[1].rights == *Rights::parse("l"));
  CHECK(f.w.call(f.m().annotations(hanako, some))->size() == 1);
  grant("lr");
  const auto shared = f.w.call(f.m().annotations(hanako, some));
  REQUIRE(shared->size() == 2);
  REQUIRE((*shared)[1].second.size() == 1);
  CHECK((*shared)[1].second.front().entry == "/shared/a");
  const MailAccount theirs_by_id{hanako.scope, f.taro.account};
  CHECK(f.w.call(f.m().rights_on(theirs_by_id, theirs)) == *Rights::parse("lr"));
  grant("");
  CHECK(f.w.call(f.m().rows(hanako, all))->size() == 1);
  CHECK(code_of(f.w.call(f.m().rights_on(theirs_by_id, theirs))) == Code::not_found);
  const std::vector<MailboxOf> lost{{f.taro.account, theirs},
                                    {f.taro.account, inbox},
                                    {f.ken.account, abroad},
                                    {f.taro.account, MailboxId(987654)}};
  CHECK(f.w.call(f.m().still_there(hanako, lost)) ==
        std::vector<MailboxOf>{{f.taro.account, theirs}});
  f.w.faults.dead = true;
  CHECK(code_of(f.w.call(f.m().rows(hanako, all))) == Code::unavailable);
  CHECK(code_of(f.w.call(f.m().annotations(hanako, some))) == Code::unavailable);
  CHECK(code_of(f.w.call(f.m().still_there(hanako, lost))) == Code::unavailable);
  CHECK(code_of(f.w.call(f.m().rights_on(theirs_by_id, theirs))) == Code::unavailable);
  f.w.faults.dead = false;
}

}  // namespace
}  // namespace fumi::service
