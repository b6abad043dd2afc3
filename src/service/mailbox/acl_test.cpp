// Rights on others' mailboxes: each operation against each right, names, copies between accounts.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "service/mailbox/mailboxes.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::mail;
using testing::ServiceWorld;

constexpr const char* kWork = "Other Users/hanako@acme.example/Work";

template <class T>
Code code_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

struct Fixture {
  Fixture() {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    hanako = person(acme, "hanako@acme.example");
    taro = person(acme, "taro@acme.example");
    jiro = person(acme, "jiro@acme.example");
    ken = person(other, "ken@other.example");
    REQUIRE(w.call(m().create(hanako, "Work", MailboxRole::none)).has_value());
    put(hanako, "Work", 3);
    work = w.call(m().find(hanako, "Work"))->id;
  }
  MailAccount person(const TenantScope& scope, const std::string& address) {
    const AccountId id = w.account(scope, address);
    return {{scope.tenant, {Actor::Kind::account, id.value()}}, id};
  }
  // The actor of `who`, on the mail of `owner`.
  static MailAccount at(const MailAccount& who, const MailAccount& owner) {
    return {who.scope, owner.account};
  }
  Mailboxes& m() { return w->mailboxes; }
  void put(const MailAccount& who, const std::string& to, int count, std::uint32_t bits = 0) {
    std::vector<NewMessage> messages;
    for (int i = 0; i < count; ++i)
      messages.push_back(
          {mail("a@b.example", "m" + std::to_string(++made)), {bits, {}}, std::nullopt});
    REQUIRE(w.call(m().append(who, to, std::move(messages))).has_value());
  }
  Status set(const MailAccount& who, const std::string& name, const std::string& identifier,
             const char* rights, AclEdit::Change change = AclEdit::Change::replace,
             AclEdit::Sign sign = AclEdit::Sign::grant) {
    return w.call(m().set_acl(who, name, {identifier, change, sign, *Rights::parse(rights)}));
  }
  void grant(const char* rights, const std::string& name = "Work") {
    REQUIRE(set(hanako, name, "taro@acme.example", rights).has_value());
  }
  std::vector<Entry> entries(const MailAccount& owner, const std::string& name = "Work") {
    auto opened = w.call(m().open(owner, name));
    REQUIRE(opened.has_value());
    return std::move(opened->entries);
  }
  std::vector<std::string> names(const MailAccount& who) {
    auto visible = w.call(m().visible(who));
    REQUIRE(visible.has_value());
    std::vector<std::string> out;
    for (const VisibleMailbox& one : *visible)
      if (one.in != VisibleMailbox::Namespace::personal) out.push_back(one.mailbox.name);
    return out;
  }
  StoreFlags flags(FlagsOperation operation, std::uint32_t bits,
                   std::vector<std::string> keywords = {}) {
    return {{Uid{1}, Uid{2}, Uid{3}}, operation, {bits, std::move(keywords)}, std::nullopt};
  }

  ServiceWorld w;
  TenantScope acme, other;
  MailAccount hanako, taro, jiro, ken;
  MailboxId work;
  int made = 0;
};

// Each operation on the mailbox, and the rights it needs; nothing is changed where it is refused.
struct Operation {
  const char* name;
  const char* needs;
  std::function<Status(Fixture&)> run;
};

template <class T>
Status status_of(Result<T>&& result) {
  if (result) return {};
  return std::unexpected(std::move(result).error());
}

std::vector<Operation> operations() {
  const auto whose = [](Fixture& f) { return Fixture::at(f.taro, f.hanako); };
  return {
      {"find", "r", [](Fixture& f) { return status_of(f.w.call(f.m().find(f.taro, kWork))); }},
      {"open", "r", [](Fixture& f) { return status_of(f.w.call(f.m().open(f.taro, kWork))); }},
      {"watch", "r", [](Fixture& f) { return status_of(f.w.call(f.m().watch(f.taro, kWork))); }},
      {"watch by id", "r",
       [=](Fixture& f) { return status_of(f.w.call(f.m().watch(whose(f), f.work))); }},
      {"entries", "r",
       [=](Fixture& f) { return status_of(f.w.call(f.m().entries(whose(f), f.work, Uid{1}))); }},
      {"emails", "r",
       [=](Fixture& f) { return status_of(f.w.call(f.m().emails(whose(f), f.work, {Uid{1}}))); }},
      {"changes", "r",
       [=](Fixture& f) { return status_of(f.w.call(f.m().changes(whose(f), f.work, ModSeq(1)))); }},
      {"account", "r", [=](Fixture& f) { return status_of(f.w.call(f.m().account(whose(f)))); }},
      {"search", "r",
       [=](Fixture& f) {
         SearchScope scope;
         scope.mailboxes.push_back(f.work);
         return status_of(
             f.w.call(f.w->search.run(whose(f), scope, SearchQuery::of(SearchQuery::Kind::all))));
       }},
      {"refresh", "r",
       [=](Fixture& f) {
         auto mine = f.w.call(f.m().watch(f.hanako, "Work"));
         return status_of(
             f.w.call(f.m().refresh(whose(f), mine->index, Mailboxes::Freshness::certain)));
       }},
      {"metadata", "r",
       [](Fixture& f) { return status_of(f.w.call(f.m().metadata(f.taro, kWork))); }},
      {"private metadata", "r",
       [](Fixture& f) {
         return f.w.call(f.m().set_metadata(f.taro, kWork, {{"/private/comment", "mine"}}));
       }},
      {"shared metadata", "rw",
       [](Fixture& f) {
         return f.w.call(f.m().set_metadata(f.taro, kWork, {{"/shared/comment", "ours"}}));
       }},
      {"seen", "rs",
       [=](Fixture& f) {
         return status_of(f.w.call(
             f.m().store_flags(whose(f), f.work, f.flags(FlagsOperation::add, Flags::seen))));
       }},
      {"flag", "rw",
       [=](Fixture& f) {
         return status_of(f.w.call(f.m().store_flags(
             whose(f), f.work, f.flags(FlagsOperation::add, Flags::flagged, {"$Work"}))));
       }},
      {"mark deleted", "rt",
       [=](Fixture& f) {
         return status_of(f.w.call(
             f.m().store_flags(whose(f), f.work, f.flags(FlagsOperation::add, Flags::deleted))));
       }},
      {"append", "i",
       [](Fixture& f) {
         std::vector<NewMessage> one{{mail("a@b.example", "new"), {}, std::nullopt}};
         return status_of(f.w.call(f.m().append(f.taro, kWork, std::move(one))));
       }},
      {"copy out of it", "r",
       [=](Fixture& f) {
         return status_of(f.w.call(f.m().copy(whose(f), f.work, {Uid{1}}, "INBOX")));
       }},
      {"copy into it", "i",
       [](Fixture& f) {
         f.put(f.taro, "INBOX", 1);
         const auto inbox = f.w.call(f.m().find(f.taro, "INBOX"));
         return status_of(f.w.call(f.m().copy(f.taro, inbox->id, {Uid{1}}, kWork)));
       }},
      {"move out of it", "rte",
       [=](Fixture& f) {
         return status_of(f.w.call(f.m().move(whose(f), f.work, {Uid{1}}, "INBOX")));
       }},
      {"replace in it", "irte",
       [=](Fixture& f) {
         std::vector<NewMessage> one{{mail("a@b.example", "new"), {}, std::nullopt}};
         return status_of(f.w.call(f.m().replace(whose(f), kWork, std::move(one), f.work, Uid{2})));
       }},
      {"expunge", "re",
       [=](Fixture& f) {
         return status_of(f.w.call(f.m().expunge(whose(f), f.work, std::nullopt)));
       }},
      {"create below it", "k",
       [](Fixture& f) {
         return status_of(
             f.w.call(f.m().create(f.taro, std::string(kWork) + "/sub/deep", MailboxRole::none)));
       }},
      {"rename", "xk",
       [](Fixture& f) {
         return f.w.call(f.m().rename(f.taro, kWork, std::string(kWork) + "2/x"));
       }},
      {"subscribe", "l",
       [](Fixture& f) {
         return f.w.call(f.m().subscribe(f.taro, kWork, Mailboxes::Subscription::on));
       }},
      {"acl", "a", [](Fixture& f) { return status_of(f.w.call(f.m().acl(f.taro, kWork))); }},
      {"list rights", "a",
       [](Fixture& f) {
         return status_of(f.w.call(f.m().always_granted(f.taro, kWork, "anyone")));
       }},
      {"set acl", "a", [](Fixture& f) { return f.set(f.taro, kWork, "anyone", "lr"); }},
      {"remove", "x", [](Fixture& f) { return f.w.call(f.m().remove(f.taro, kWork)); }},
  };
}

TEST_CASE("each operation needs its rights, and without them a mailbox is denied or not there") {
  for (const Operation& each : operations()) {
    CAPTURE(each.name);
    const Rights needed = *Rights::parse(each.needs);
    // With all but one of what it needs; with and without the right to know of the mailbox.
    for (std::uint32_t bit = 1; bit <= Rights::administer; bit <<= 1U) {
      if (!needed.has(bit)) continue;
      for (const bool visible : {true, false}) {
        Fixture f;
        std::uint32_t granted = Rights::everything & ~bit;
        if (!visible || bit == Rights::lookup) granted &= ~Rights::lookup;
        // The rename needs k above its new place only: nothing is above "Work2".
        f.grant(Rights{granted}.text().c_str());
        CAPTURE(Rights{granted}.text());
        const Code code = code_of(each.run(f));
        const bool by_name_alone =
            std::string_view(each.name) == "create below it" ||
            (std::string_view(each.name) == "rename" && bit == Rights::create);
        if (std::string_view(each.name) == "account") {
          CHECK(code == Code::not_found);
        } else if (by_name_alone) {
          CHECK(code == Code::denied);
        } else {
          // Who may read it knows of it.
          const std::string_view name = each.name;
          const bool flags = (bit & kFlagRights) != 0 &&
                             (name == "seen" || name == "flag" || name == "mark deleted");
          const bool known = (granted & Rights::lookup) != 0 || flags;
          CHECK(code == (known ? Code::denied : Code::not_found));
        }
        CHECK(f.entries(f.hanako).size() == 3);
        for (const Entry& entry : f.entries(f.hanako))
          CHECK(entry.flags == Flags());
      }
    }
    // Nobody of another tenant, and nobody without an entry, whatever they know.
    Fixture f;
    for (const MailAccount& stranger :
         {f.jiro, f.ken, MailAccount{f.ken.scope, f.taro.account},
          MailAccount{{f.acme.tenant, {Actor::Kind::api_user, f.taro.account.value()}},
                      f.taro.account},
          MailAccount{{f.acme.tenant, {Actor::Kind::peer, 0}}, f.taro.account}}) {
      f.grant("lrswipkxtea");
      const MailAccount owner = std::exchange(f.taro, stranger);
      if (std::string_view(each.name) != "copy into it") {
        const Code code = code_of(each.run(f));
        CHECK((code == Code::not_found || code == Code::denied));
      }
      f.taro = owner;
    }
    CHECK(f.entries(f.hanako).size() == 3);
  }
}

TEST_CASE("with just its rights each operation is done") {
  for (const Operation& each : operations()) {
    if (std::string_view(each.name) == "rename") continue;  // into a place of its own: below
    CAPTURE(each.name);
    Fixture f;
    f.grant(each.needs);
    const Status done = each.run(f);
    if (!done) FAIL_CHECK(done.error().text());
  }
}

TEST_CASE("an operator acts on an account's own names, with all rights") {
  Fixture f;
  const MailAccount who{{f.acme.tenant, {Actor::Kind::operator_, 7}}, f.hanako.account};
  CHECK(f.w.call(f.m().find(who, "Work")).has_value());
  CHECK(f.w.call(f.m().set_acl(who, std::nullopt,
                               {"taro@acme.example", AclEdit::Change::replace, AclEdit::Sign::grant,
                                *Rights::parse("lr")}))
            .has_value());
  CHECK(f.names(f.taro).size() == 7);
  CHECK(code_of(f.w.call(f.m().find(who, "Other Users/taro@acme.example/INBOX"))) ==
        Code::not_found);
}

TEST_CASE("names: others' people, shared accounts, and nothing else") {
  Fixture f;
  Account support;
  support.id = f.w.world.ids().next<AccountId>();
  support.address = *EmailAddress::parse("support@acme.example");
  support.kind = AccountKind::shared;
  REQUIRE(
      f.w.world.write(f.acme, [&](Tx& tx) { return tx.directory().create_account(support, {}); })
          .has_value());
  const MailAccount admin{{f.acme.tenant, {Actor::Kind::operator_, 7}}, support.id};
  REQUIRE(f.set(admin, "INBOX", "taro@acme.example", "lr").has_value());
  f.grant("lr");
  REQUIRE(f.set(f.hanako, "INBOX", "taro@acme.example", "r").has_value());
  CHECK(f.names(f.taro) == std::vector<std::string>{kWork, "Shared/support@acme.example/INBOX"});
  CHECK(f.names(f.jiro).empty());
  for (const char* there :
       {kWork, "Other Users/Hanako@acme.example/Work", "Shared/support@acme.example/inbox", "INBOX",
        "Other Users/hanako@acme.example/INBOX"}) {
    CAPTURE(there);
    CHECK(f.w.call(f.m().find(f.taro, there)).has_value());
  }
  for (const char* absent :
       {"Other Users/support@acme.example/INBOX", "Shared/hanako@acme.example/Work",
        "Other Users/taro@acme.example/INBOX", "Other Users/hanako@acme.example/",
        "Other Users/hanako@acme.example", "Other Users/hanako@acme.example/Sent",
        "Other Users/hanako+x@acme.example/Work", "Other Users/ken@other.example/INBOX",
        "Other Users/nobody@acme.example/INBOX", "Other Users/x/INBOX", "Other Users", "Shared",
        "Other Users//Work", "Work"}) {
    CAPTURE(absent);
    CHECK(code_of(f.w.call(f.m().find(f.taro, absent))) == Code::not_found);
  }
  // New ones of one's own never go into these namespaces; an account of others is told from none by
  // nothing.
  for (const char* name :
       {"Shared", "Shared/x", "Other Users", "Other Users/x", "Other Users/hanako@acme.example/New",
        "Other Users/nobody@acme.example/New", "Other Users/ken@other.example/INBOX/x",
        "Shared/support@acme.example/INBOX/x"}) {
    CAPTURE(name);
    CHECK(code_of(f.w.call(f.m().create(f.taro, name, MailboxRole::none))) == Code::denied);
  }
  CHECK(f.w.call(f.m().create(f.taro, "Shared2", MailboxRole::none)).has_value());
  CHECK(code_of(f.w.call(f.m().list(Fixture::at(f.taro, f.hanako)))) == Code::not_found);
  // Who is gone shares nothing.
  REQUIRE(
      f.w.world
          .write(f.acme, [&](Tx& tx) { return tx.directory().delete_account(f.hanako.account); })
          .has_value());
  CHECK(f.names(f.taro) == std::vector<std::string>{"Shared/support@acme.example/INBOX"});
}

TEST_CASE("a store changes the flags that the rights allow, and no others") {
  struct Case {
    const char* rights;
    FlagsOperation operation;
    Flags before, change, after;
  };
  constexpr std::uint32_t kS = Flags::seen;
  constexpr std::uint32_t kD = Flags::deleted;
  constexpr std::uint32_t kF = Flags::flagged;
  const Case cases[]{
      {"lrs", FlagsOperation::add, {}, {kS | kD | kF, {"a"}}, {kS, {}}},
      {"lrt", FlagsOperation::add, {}, {kS | kD | kF, {"a"}}, {kD, {}}},
      {"lrw", FlagsOperation::add, {}, {kS | kD | kF, {"a"}}, {kF, {"a"}}},
      {"lrs", FlagsOperation::remove, {kS | kF, {"a"}}, {kS | kF, {"a"}}, {kF, {"a"}}},
      {"lrs", FlagsOperation::replace, {kF | kD, {"a"}}, {kS, {}}, {kS | kF | kD, {"a"}}},
      {"lrs", FlagsOperation::replace, {kS | kF, {"a"}}, {kD, {"b"}}, {kF, {"a"}}},
      {"lrw",
       FlagsOperation::replace,
       {kS | kF | kD, {"a", "b"}},
       {0, {"b", "c"}},
       {kS | kD, {"b", "c"}}},
      {"lrwt", FlagsOperation::replace, {kS | kF | kD, {"a"}}, {}, {kS, {}}},
      {"lrswt", FlagsOperation::replace, {kS | kF | kD, {"a"}}, {kD, {"z"}}, {kD, {"z"}}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.rights);
    Fixture f;
    f.grant(each.rights);
    REQUIRE(f.w.call(f.m().store_flags(
                         f.hanako, f.work,
                         f.flags(FlagsOperation::replace, each.before.bits, each.before.keywords)))
                .has_value());
    const auto before = f.w.call(f.m().watch(f.hanako, "Work"));
    auto stored = f.w.call(
        f.m().store_flags(Fixture::at(f.taro, f.hanako), f.work,
                          f.flags(each.operation, each.change.bits, each.change.keywords)));
    REQUIRE(stored.has_value());
    CHECK(stored->changed.size() == 3);
    for (const Entry& entry : f.entries(f.hanako))
      CHECK(entry.flags == each.after);
    for (const ChangedFlags& changed : stored->changed) {
      CHECK(changed.bits == each.after.bits);
      CHECK(stored->keywords.at(changed.keywords) == each.after.keywords);
    }
    // The shared index heard of it, and follows whoever asks next.
    const auto after = f.w.call(f.m().watch(f.hanako, "Work"));
    CHECK(after->index == before->index);
    const auto& now = after->now;
    CHECK(now->modseq() == stored->modseq);
    CHECK(now->flags(now->rows_from(0)[0]) == each.after);
  }
  Fixture f;
  f.grant("lri");
  for (const FlagsOperation operation :
       {FlagsOperation::add, FlagsOperation::remove, FlagsOperation::replace}) {
    CHECK(code_of(f.w.call(f.m().store_flags(Fixture::at(f.taro, f.hanako), f.work,
                                             f.flags(operation, kS | kD | kF, {"a"})))) ==
          Code::denied);
  }
}

TEST_CASE("a partial store minds UNCHANGEDSINCE") {
  Fixture f;
  f.grant("lrw");
  const ModSeq before = f.w.call(f.m().find(f.hanako, "Work"))->modseq;
  StoreFlags one = f.flags(FlagsOperation::add, Flags::answered);
  one.uids = {Uid{2}};
  REQUIRE(f.w.call(f.m().store_flags(f.hanako, f.work, one)).has_value());
  StoreFlags change = f.flags(FlagsOperation::replace, Flags::flagged | Flags::seen, {"k"});
  change.unchanged_since = before;
  auto stored = f.w.call(f.m().store_flags(Fixture::at(f.taro, f.hanako), f.work, change));
  REQUIRE(stored.has_value());
  CHECK(stored->modified == std::vector<Uid>{Uid{2}});
  const auto entries = f.entries(f.hanako);
  CHECK(entries[0].flags == Flags{Flags::flagged, {"k"}});
  CHECK(entries[1].flags == Flags{Flags::answered, {}});
}

TEST_CASE("flags that may not be set there are left behind by append and copy") {
  Fixture f;
  f.grant("lris");
  std::vector<NewMessage> one{{mail("a@b.example", "new"),
                               {Flags::seen | Flags::flagged | Flags::deleted, {"k"}},
                               std::nullopt}};
  REQUIRE(f.w.call(f.m().append(f.taro, kWork, one)).has_value());
  CHECK(f.entries(f.hanako).back().flags == Flags{Flags::seen, {}});
  REQUIRE(f.w.call(f.m().append(f.taro, "INBOX", std::move(one))).has_value());
  const MailboxId inbox = f.w.call(f.m().find(f.taro, "INBOX"))->id;
  REQUIRE(f.w.call(f.m().copy(f.taro, inbox, {Uid{1}}, kWork)).has_value());
  CHECK(f.entries(f.hanako).back().flags == Flags{Flags::seen, {}});
  // Within one account as well, where the copy shares the email.
  REQUIRE(f.w.call(f.m().create(f.hanako, "Full", MailboxRole::none)).has_value());
  f.grant("lrte", "Full");
  f.put(f.hanako, "Full", 1, Flags::seen | Flags::flagged | Flags::deleted);
  const MailboxId full = f.w.call(f.m().find(f.hanako, "Full"))->id;
  auto moved = f.w.call(f.m().move(Fixture::at(f.taro, f.hanako), full, {Uid{1}}, kWork));
  REQUIRE(moved.has_value());
  CHECK(f.entries(f.hanako, "Full").empty());
  CHECK(f.entries(f.hanako).back().flags == Flags{Flags::seen, {}});
  CHECK(f.entries(f.hanako).back().uid == moved->destination.back());
}

TEST_CASE("copies and moves between accounts: another's email, quota and counter, the same bytes") {
  Fixture f;
  f.grant("lrswite");
  const auto used = [&](const MailAccount& who) {
    return f.w.call(f.m().account(who))->used_octets;
  };
  const std::uint64_t hanakos = used(f.hanako);
  auto copied =
      f.w.call(f.m().copy(Fixture::at(f.taro, f.hanako), f.work, {Uid{1}, Uid{3}}, "INBOX"));
  REQUIRE(copied.has_value());
  CHECK(copied->source == std::vector<Uid>{Uid{1}, Uid{3}});
  CHECK(copied->destination == std::vector<Uid>{Uid{1}, Uid{2}});
  CHECK(used(f.hanako) == hanakos);
  CHECK(used(f.taro) > 0);
  const auto mine = f.w.messages(f.acme, f.taro.account);
  const auto theirs = f.w.messages(f.acme, f.hanako.account, "Work");
  REQUIRE(mine.size() == 2);
  CHECK(mine[0] == theirs[0]);
  CHECK(mine[1] == theirs[2]);
  CHECK(f.entries(f.taro, "INBOX")[0].received == f.entries(f.hanako)[0].received);
  CHECK(f.entries(f.taro, "INBOX")[0].email != f.entries(f.hanako)[0].email);

  const MailboxId inbox = f.w.call(f.m().find(f.taro, "INBOX"))->id;
  auto moved = f.w.call(f.m().move(f.taro, inbox, {Uid{2}}, kWork));
  REQUIRE(moved.has_value());
  CHECK(moved->destination == std::vector<Uid>{Uid{4}});
  CHECK(f.entries(f.taro, "INBOX").size() == 1);
  CHECK(f.entries(f.hanako).size() == 4);
  // Nothing that isn't there is copied, and says so.
  auto none = f.w.call(f.m().move(f.taro, inbox, {Uid{99}}, kWork));
  REQUIRE(none.has_value());
  CHECK(none->source.empty());
  CHECK(none->uid_validity == moved->uid_validity);
}

TEST_CASE("the quota of the account that takes the mail is what counts; all or nothing") {
  Fixture f;
  const MailAccount small = [&] {
    const AccountId id = f.w.account(f.acme, "small@acme.example", 300);
    return MailAccount{{f.acme.tenant, {Actor::Kind::account, id.value()}}, id};
  }();
  REQUIRE(f.set(f.hanako, "Work", "small@acme.example", "lrswite").has_value());
  for (const bool moves : {false, true}) {
    const std::vector<Uid> all{Uid{1}, Uid{2}, Uid{3}};
    const MailAccount from = Fixture::at(small, f.hanako);
    auto done = moves ? f.w.call(f.m().move(from, f.work, all, "INBOX"))
                      : f.w.call(f.m().copy(from, f.work, all, "INBOX"));
    CHECK(code_of(done) == Code::quota);
    CHECK(f.entries(small, "INBOX").empty());
    CHECK(f.entries(f.hanako).size() == 3);
  }
}

TEST_CASE("mailboxes made, renamed and removed in another's hierarchy are the owner's") {
  Fixture f;
  f.grant("lrkx");
  const std::string below = std::string(kWork) + "/a";
  auto made = f.w.call(f.m().create(f.taro, below, MailboxRole::none));
  REQUIRE(made.has_value());
  CHECK(made->owner == f.hanako.account);
  CHECK(f.w.call(f.m().find(f.hanako, "Work/a")).has_value());
  CHECK(f.names(f.taro) == std::vector<std::string>{kWork, below});
  CHECK(code_of(f.w.call(f.m().create(f.taro, below, MailboxRole::none))) == Code::conflict);
  CHECK(code_of(f.w.call(f.m().create(f.taro, below + "2", MailboxRole::junk))) == Code::denied);
  CHECK(f.w.call(f.m().rename(f.taro, below, std::string(kWork) + "/b")).has_value());
  CHECK(f.w.call(f.m().find(f.hanako, "Work/b")).has_value());
  // Not into another account, either way.
  CHECK(code_of(f.w.call(f.m().rename(f.taro, std::string(kWork) + "/b", "mine"))) ==
        Code::invalid);
  REQUIRE(f.w.call(f.m().create(f.taro, "mine", MailboxRole::none)).has_value());
  CHECK(code_of(f.w.call(f.m().rename(f.taro, "mine", std::string(kWork) + "/c"))) ==
        Code::invalid);
  CHECK(f.w.call(f.m().remove(f.taro, std::string(kWork) + "/b")).has_value());
  CHECK(code_of(f.w.call(f.m().find(f.hanako, "Work/b"))) == Code::not_found);
  // The inbox stays whatever is granted on it.
  f.grant("lrswipkxtea", "INBOX");
  const std::string inbox = "Other Users/hanako@acme.example/INBOX";
  CHECK(code_of(f.w.call(f.m().remove(f.taro, inbox))) == Code::denied);
  CHECK(code_of(f.w.call(f.m().rename(f.taro, inbox, std::string(kWork) + "/z"))) == Code::denied);
}

TEST_CASE("subscriptions and private annotations of others' mailboxes are the reader's") {
  Fixture f;
  f.grant("lrw");
  const auto subscribed = [&] {
    const auto visible = f.w.call(f.m().visible(f.taro));
    const auto found = std::ranges::find(
        *visible, kWork, [](const VisibleMailbox& one) { return one.mailbox.name; });
    return found->mailbox.subscribed;
  };
  using enum Mailboxes::Subscription;
  CHECK_FALSE(subscribed());
  CHECK(f.w.call(f.m().subscribe(f.taro, kWork, on)).has_value());
  CHECK(subscribed());
  CHECK(f.w.call(f.m().find(f.hanako, "Work"))->subscribed);
  CHECK(f.w.call(f.m().subscribe(f.taro, kWork, off)).has_value());
  CHECK_FALSE(subscribed());
  CHECK(f.w.call(f.m().find(f.hanako, "Work"))->subscribed);
  // RFC 4314 §4: UNSUBSCRIBE needs no right, and tells nothing.
  CHECK(f.w.call(f.m().subscribe(f.jiro, kWork, off)).has_value());
  CHECK(f.w.call(f.m().subscribe(f.jiro, "Shared/x@acme.example/INBOX", off)).has_value());

  using Found = std::vector<Metadata>;
  REQUIRE(f.w.call(f.m().set_metadata(f.hanako, "Work", {{"/private/a", "hers"}})).has_value());
  REQUIRE(f.w.call(f.m().set_metadata(f.taro, kWork, {{"/private/a", "his"}})).has_value());
  REQUIRE(f.w.call(f.m().set_metadata(f.taro, kWork, {{"/shared/b", "ours"}})).has_value());
  CHECK(*f.w.call(f.m().metadata(f.hanako, "Work")) ==
        Found{{"/private/a", "hers"}, {"/shared/b", "ours"}});
  CHECK(*f.w.call(f.m().metadata(f.taro, kWork)) ==
        Found{{"/private/a", "his"}, {"/shared/b", "ours"}});
}

TEST_CASE("ACLs: edited, read, recorded, refused for strangers") {
  Fixture f;
  using enum AclEdit::Change;
  using enum AclEdit::Sign;
  REQUIRE(f.set(f.hanako, "Work", "taro@acme.example", "lrs").has_value());
  REQUIRE(f.set(f.hanako, "Work", "TARO@acme.example", "wi", add).has_value());
  REQUIRE(f.set(f.hanako, "Work", "taro@acme.example", "s", remove).has_value());
  REQUIRE(f.set(f.hanako, "Work", "anyone", "lr").has_value());
  REQUIRE(f.set(f.hanako, "Work", "jiro@acme.example", "r", replace, deny).has_value());
  const auto acl = f.w.call(f.m().acl(f.hanako, "Work"));
  REQUIRE(acl.has_value());
  CHECK(acl->owner == "hanako@acme.example");
  REQUIRE(acl->lines.size() == 3);
  CHECK(acl->lines[0].identifier == "anyone");
  CHECK(acl->lines[1].identifier == "taro@acme.example");
  CHECK(acl->lines[1].granted.text() == "lrwi");
  CHECK(acl->lines[2].identifier == "jiro@acme.example");
  CHECK(acl->lines[2].denied.text() == "r");
  CHECK(f.w.call(f.m().my_rights(f.jiro, kWork))->rights.text() == "l");
  CHECK(f.w.call(f.m().my_rights(f.taro, kWork))->rights.text() == "lrwi");
  CHECK(f.w.call(f.m().my_rights(f.hanako, "Work"))->rights == Rights::all());
  CHECK(*f.w.call(f.m().always_granted(f.hanako, "Work", "hanako@acme.example")) == Rights::all());
  CHECK(*f.w.call(f.m().always_granted(f.hanako, "Work", "anyone")) == Rights());
  for (const char* nobody : {"ken@other.example", "nobody@acme.example", "hanako@acme.example",
                             "Anyone", "", "-taro@acme.example"}) {
    CAPTURE(nobody);
    CHECK(code_of(f.set(f.hanako, "Work", nobody, "lr")) == Code::invalid);
  }
  REQUIRE(f.set(f.hanako, "Work", "taro@acme.example", "").has_value());
  CHECK(f.w.call(f.m().my_rights(f.taro, kWork))->rights.text() == "lr");  // anyone's
  CHECK(code_of(f.w.call(f.m().my_rights(f.ken, kWork))) == Code::not_found);
  const auto records = f.w.records(f.acme, {RecordKind::operation});
  REQUIRE(records.size() == 6);
  CHECK(records[0].actor == Actor{Actor::Kind::account, f.hanako.account.value()});
  CHECK(records[0].to == "hanako@acme.example");
  CHECK(records[0].detail.contains("\"granted\":\"lrs\""));
  CHECK(records[5].detail.contains("\"mailbox\":\"Work\""));
  CHECK(f.w.records(f.other, {RecordKind::operation}).empty());
}

TEST_CASE("who loses the right to read loses the mailbox that is open") {
  Fixture f;
  f.grant("lr");
  const MailAccount whose = Fixture::at(f.taro, f.hanako);
  auto watched = f.w.call(f.m().watch(f.taro, kWork));
  REQUIRE(watched.has_value());
  CHECK(watched->rights.text() == "lr");
  CHECK(f.w.call(f.m().refresh(whose, watched->index, Mailboxes::Freshness::told)).has_value());
  f.grant("");
  CHECK(code_of(f.w.call(f.m().refresh(whose, watched->index, Mailboxes::Freshness::told))) ==
        Code::not_found);
  CHECK(f.w.call(f.m().refresh(f.hanako, watched->index, Mailboxes::Freshness::told)).has_value());
}

}  // namespace
}  // namespace fumi::service
