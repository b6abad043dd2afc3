#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

TEST_CASE("annotations: set, replaced in any case, removed, gone with their mailbox") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    const AccountId hanako = world.account(acme, "hanako@acme.example");
    const AccountId taro = world.account(acme, "taro@acme.example");
    const std::string binary("\0\xff\r\n", 4);
    MailboxId work;
    ok(world.write(acme, [&](Tx& tx) -> Status {
      work = ok(tx.mailboxes().create_mailbox(hanako, "Work", MailboxRole::none)).id;
      MetadataStore& m = tx.metadata();
      ok(m.set_metadata(hanako, work, "/private/comment", "one"));
      ok(m.set_metadata(hanako, work, "/PRIVATE/Comment", binary));
      ok(m.set_metadata(hanako, work, "/private/a", ""));
      ok(m.set_metadata(hanako, MailboxId(), "/private/comment", "mine"));
      ok(m.set_metadata(hanako, work, "/private/none", std::nullopt));
      return {};
    }));
    const auto of = [&](const TenantScope& scope, AccountId account, MailboxId mailbox) {
      return ok(
          world.write(scope, [&](Tx& tx) { return tx.metadata().metadata(account, mailbox); }));
    };
    CHECK(of(acme, hanako, work) ==
          std::vector<Metadata>{{"/PRIVATE/Comment", binary}, {"/private/a", ""}});
    CHECK(of(acme, hanako, MailboxId()) == std::vector<Metadata>{{"/private/comment", "mine"}});
    CHECK(of(acme, taro, work).empty());
    CHECK(of(acme, taro, MailboxId()).empty());
    CHECK(of(other, hanako, work).empty());
    ok(world.write(acme, [&](Tx& tx) -> Status {
      ok(tx.metadata().set_metadata(hanako, work, "/private/comment", std::nullopt));
      return {};
    }));
    CHECK(of(acme, hanako, work) == std::vector<Metadata>{{"/private/a", ""}});
    ok(world.write(acme, [&](Tx& tx) { return tx.mailboxes().delete_mailbox(hanako, work); }));
    CHECK(of(acme, hanako, work).empty());
    CHECK(of(acme, hanako, MailboxId()).size() == 1);
  });
}

}  // namespace
}  // namespace fumi::store::testing
