#include <algorithm>

#include "store/mail/check.h"
#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

Rights rights(const char* text) { return *Rights::parse(text); }

struct Shared {
  explicit Shared(World& w)
      : world(w),
        acme(w.tenant("acme")),
        other(w.tenant("other")),
        hanako(w.account(acme, "hanako@acme.example")),
        taro(w.account(acme, "taro@acme.example")),
        jiro(w.account(acme, "jiro@acme.example")),
        ken(w.account(other, "ken@other.example")) {
    ok(world.write(acme, [&](Tx& tx) -> Status {
      work = ok(tx.mailboxes().create_mailbox(hanako, "Work", MailboxRole::none)).id;
      inbox = ok(tx.mailboxes().mailbox_by_name(hanako, "INBOX"))->id;
      return {};
    }));
  }
  Status set(MailboxId mailbox, AccountId account, const char* granted, const char* denied = "") {
    const AclEntry entry{account, rights(granted), rights(denied)};
    return world.write(acme, [&](Tx& tx) { return tx.acls().set_acl(hanako, mailbox, entry); });
  }
  std::string of(AccountId reader, MailboxId mailbox) { return of(acme, reader, hanako, mailbox); }
  std::string of(const TenantScope& scope, AccountId reader, AccountId owner, MailboxId mailbox) {
    return ok(world.read(scope, [&](Tx& tx) { return tx.acls().rights(reader, owner, mailbox); }))
        .text();
  }
  std::vector<SharedMailbox> seen_by(const TenantScope& scope, AccountId reader) {
    return ok(world.read(scope, [&](Tx& tx) { return tx.acls().shared_with(reader); }));
  }
  std::vector<AclEntry> acl(MailboxId mailbox) {
    return ok(world.read(acme, [&](Tx& tx) { return tx.acls().acl(hanako, mailbox); }));
  }

  World& world;
  TenantScope acme, other;
  AccountId hanako, taro, jiro, ken;
  MailboxId work, inbox;
};

TEST_CASE("rights: the owner's, the grantee's, anyone's, less what is denied") {
  on_every_engine([](World& world) {
    Shared s(world);
    CHECK(s.of(s.hanako, s.work) == "lrswipkxtea");
    CHECK(s.of(s.taro, s.work) == "");
    CHECK(s.seen_by(s.acme, s.taro).empty());

    ok(s.set(s.work, s.taro, "lrs"));
    ok(s.set(s.work, AccountId(), "li", "a"));
    ok(s.set(s.inbox, s.taro, "la", "l"));
    CHECK(s.of(s.taro, s.work) == "lrsi");
    CHECK(s.of(s.jiro, s.work) == "li");
    CHECK(s.of(s.taro, s.inbox) == "a");
    CHECK(s.acl(s.work) == std::vector<AclEntry>{{AccountId(), rights("li"), rights("a")},
                                                 {s.taro, rights("lrs"), {}}});
    std::vector<SharedMailbox> both{{s.hanako, s.inbox, rights("a")},
                                    {s.hanako, s.work, rights("lrsi")}};
    std::ranges::sort(both, {}, &SharedMailbox::mailbox);
    CHECK(s.seen_by(s.acme, s.taro) == both);
    CHECK(s.seen_by(s.acme, s.jiro) ==
          std::vector<SharedMailbox>{{s.hanako, s.work, rights("li")}});
    CHECK(s.seen_by(s.acme, s.hanako).empty());

    // Denied to one, granted to anyone; and the other way round.
    ok(s.set(s.work, s.taro, "lrsw", "i"));
    CHECK(s.of(s.taro, s.work) == "lrsw");
    ok(s.set(s.work, AccountId(), "i", "w"));
    CHECK(s.of(s.taro, s.work) == "lrs");

    ok(s.set(s.work, s.taro, ""));
    CHECK(s.of(s.taro, s.work) == "i");
    ok(s.set(s.work, AccountId(), ""));
    CHECK(s.of(s.taro, s.work) == "");
    CHECK(s.acl(s.work).empty());
    CHECK(ok(check_store(world.store(), {})).findings.empty());
  });
}

TEST_CASE("an ACL is its tenant's and its owner's alone, and goes with mailbox and account") {
  on_every_engine([](World& world) {
    Shared s(world);
    ok(s.set(s.work, s.taro, "lr"));
    // Another tenant's ids are found nowhere, granted nothing, and change nothing.
    CHECK(s.of(s.other, s.taro, s.hanako, s.work) == "");
    CHECK(s.of(s.other, s.hanako, s.hanako, s.work) == "");
    CHECK(s.of(s.acme, s.taro, s.taro, s.work) == "");
    CHECK(s.seen_by(s.other, s.taro).empty());
    CHECK(code_of(s.set(s.work, s.ken, "lr")) == Code::not_found);
    CHECK(code_of(s.set(s.work, s.hanako, "lr")) == Code::invalid);
    CHECK(code_of(s.set(MailboxId(77), s.taro, "lr")) == Code::not_found);
    const AclEntry entry{s.taro, Rights::all(), {}};
    CHECK(code_of(world.write(s.other, [&](Tx& tx) {
            return tx.acls().set_acl(s.hanako, s.work, entry);
          })) == Code::not_found);
    CHECK(code_of(world.write(s.acme, [&](Tx& tx) {
            return tx.acls().set_acl(s.jiro, s.work, entry);
          })) == Code::not_found);
    CHECK(s.of(s.taro, s.work) == "lr");

    ok(world.write(s.acme, [&](Tx& tx) { return tx.acls().set_subscribed(s.taro, s.work, true); }));
    ok(world.write(s.acme, [&](Tx& tx) { return tx.acls().set_subscribed(s.taro, s.work, true); }));
    const auto subscribed = [&](const TenantScope& scope, AccountId reader) {
      return ok(world.read(scope, [&](Tx& tx) { return tx.acls().subscribed(reader); }));
    };
    CHECK(subscribed(s.acme, s.taro) == std::vector<MailboxId>{s.work});
    CHECK(subscribed(s.acme, s.jiro).empty());
    CHECK(subscribed(s.other, s.taro).empty());
    ok(world.write(s.acme,
                   [&](Tx& tx) { return tx.mailboxes().delete_mailbox(s.hanako, s.work); }));
    CHECK(s.of(s.taro, s.work) == "");
    CHECK(s.of(s.hanako, s.work) == "");
    CHECK(s.acl(s.work).empty());
    CHECK(subscribed(s.acme, s.taro).empty());

    ok(s.set(s.inbox, s.taro, "lr"));
    ok(world.write(s.acme, [&](Tx& tx) { return tx.directory().delete_account(s.hanako); }));
    CHECK(s.of(s.taro, s.inbox) == "");
    CHECK(s.of(s.hanako, s.inbox) == "");
    CHECK(s.seen_by(s.acme, s.taro).empty());
  });
}

TEST_CASE("a new mailbox has the ACL of the one above it") {
  on_every_engine([](World& world) {
    Shared s(world);
    ok(s.set(s.work, s.taro, "lrk"));
    MailboxId deep;
    MailboxId middle;
    MailboxId beside;
    ok(world.write(s.acme, [&](Tx& tx) -> Status {
      MailboxStore& m = tx.mailboxes();
      deep = ok(m.create_mailbox(s.hanako, "Work/a/b", MailboxRole::none)).id;
      middle = ok(m.mailbox_by_name(s.hanako, "Work/a"))->id;
      beside = ok(m.create_mailbox(s.hanako, "Other/c", MailboxRole::none)).id;
      return {};
    }));
    CHECK(s.of(s.taro, deep) == "lrk");
    CHECK(s.of(s.taro, middle) == "lrk");
    CHECK(s.of(s.taro, beside) == "");
    // What is changed above later changes nothing below.
    ok(s.set(s.work, s.taro, ""));
    CHECK(s.of(s.taro, deep) == "lrk");
    // RFC 4314 §4: a rename leaves the ACL alone.
    ok(world.write(s.acme,
                   [&](Tx& tx) { return tx.mailboxes().rename_mailbox(s.hanako, deep, "Else"); }));
    CHECK(s.of(s.taro, deep) == "lrk");
  });
}

TEST_CASE("a change of an ACL is told to owner and grantee, and is a change of the mailbox list") {
  on_every_engine([](World& world) {
    Shared s(world);
    std::vector<Change> heard;
    const auto listen = [&](const Change& change) { heard.push_back(change); };
    const auto owners = world.bus().subscribe(s.hanako, listen);
    const auto grantees = world.bus().subscribe(s.taro, listen);
    const ModSeq before =
        ok(world.read(s.acme, [&](Tx& tx) { return tx.emails().state(s.hanako); }));
    ok(s.set(s.work, s.taro, "lr"));
    const auto told = [&](AccountId account, MailboxId mailbox) {
      return std::ranges::any_of(heard, [&](const Change& change) {
        return change.account == account && change.mailbox == mailbox;
      });
    };
    CHECK(told(s.hanako, s.work));
    CHECK(told(s.hanako, MailboxId()));
    CHECK(told(s.taro, MailboxId()));
    const auto changes = ok(world.read(
        s.acme, [&](Tx& tx) { return tx.emails().mailbox_changes(s.hanako, before, 0); }));
    CHECK(changes.updated == std::vector<MailboxId>{s.work});
  });
}

TEST_CASE("an ACL has its limit, and what is over it leaves the old one") {
  World world;
  Shared s(world);
  ok(world.write(s.acme, [&](Tx& tx) -> Status {
    // More people than this test wants to make: their rows alone.
    for (std::size_t i = 0; i < AclStore::kAclMax; ++i) {
      Account account;
      account.id = AccountId(1000 + i);
      account.address = *EmailAddress::parse("p" + std::to_string(i) + "@acme.example");
      ok(tx.directory().create_account(account, {}));
      ok(tx.acls().set_acl(s.hanako, s.work, {account.id, {Rights::read}, {}}));
    }
    return {};
  }));
  CHECK(code_of(s.set(s.work, s.taro, "lr")) == Code::too_large);
  CHECK(s.of(s.taro, s.work) == "");
  ok(s.set(s.work, AccountId(1000), ""));
  ok(s.set(s.work, s.taro, "lr"));
}

TEST_CASE("an account knows whether it is shared") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const AccountId hanako = world.account(acme, "hanako@acme.example");
    Account support;
    support.id = world.ids().next<AccountId>();
    support.address = *EmailAddress::parse("support@acme.example");
    support.kind = AccountKind::shared;
    ok(world.write(acme, [&](Tx& tx) { return tx.directory().create_account(support, {}); }));
    const auto kind = [&](AccountId id) {
      return ok(world.read(acme, [&](Tx& tx) { return tx.directory().account(id); }))->kind;
    };
    CHECK(kind(support.id) == AccountKind::shared);
    CHECK(kind(hanako) == AccountKind::person);
  });
}

}  // namespace
}  // namespace fumi::store::testing
