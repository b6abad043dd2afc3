#include "store/mail/engines_for_test.h"

namespace fumi::store::testing {
namespace {

EmailAddress address(const std::string& text) { return EmailAddress::parse(text).value(); }

TEST_CASE("tenants and operators") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    ok(world.platform([&](PlatformTx& tx) -> Status {
      PlatformStore& platform = tx.platform();
      CHECK(ok(platform.tenant_by_name("acme"))->id == acme.tenant);
      CHECK(!ok(platform.tenant_by_name("nobody")));
      CHECK(ok(platform.tenant(other.tenant))->name == "other");
      CHECK(ok(platform.tenants(TenantId(), 10)).size() == 2);
      CHECK(ok(platform.tenants(acme.tenant, 10)).size() == 1);
      CHECK(ok(platform.tenants(TenantId(), 1)).size() == 1);
      ok(platform.set_tenant_status(acme.tenant, TenantStatus::suspended));
      CHECK(ok(platform.tenant(acme.tenant))->status == TenantStatus::suspended);
      CHECK(code_of(platform.set_tenant_status(TenantId(5), TenantStatus::active)) ==
            Code::not_found);
      const Operator person{OperatorId(9), "root", std::string(32, '\x80'), world.clock().now()};
      ok(platform.create_operator(person));
      CHECK(ok(platform.operator_by_token(person.token_hash))->name == "root");
      CHECK(!ok(platform.operator_by_token("x")));
      CHECK(code_of(platform.create_operator(person)) == Code::conflict);
      return {};
    }));
    auto taken = world.platform([&](PlatformTx& tx) -> Status {
      return tx.platform().create_tenant({TenantId(77), "acme", TenantStatus::active, {}});
    });
    CHECK(code_of(taken) == Code::conflict);
    auto bad = world.platform([&](PlatformTx& tx) -> Status {
      return tx.platform().create_tenant({TenantId(77), "No Handle", TenantStatus::active, {}});
    });
    CHECK(code_of(bad) == Code::invalid);
  });
}

TEST_CASE("domains belong to one tenant of the installation") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    const auto id = world.ids().next<DomainId>();
    ok(world.write(acme, [&](Tx& tx) -> Status {
      ok(tx.directory().create_domain({id, acme.tenant, "ACME.example", {}}));
      CHECK(ok(tx.directory().domain_by_name("acme.example"))->id == id);
      CHECK(ok(tx.directory().domains()).size() == 1);
      const DkimKey key{
          world.ids().next<DkimKeyId>(), id, "s1", "ed25519-sha256", "PEM", "v=DKIM1"};
      ok(tx.directory().add_dkim_key(key));
      const auto keys = ok(tx.directory().dkim_keys(id));
      REQUIRE(keys.size() == 1);
      CHECK(keys[0].private_pem == "PEM");
      CHECK(keys[0].dns_record == "v=DKIM1");
      CHECK(code_of(tx.directory().add_dkim_key(key)) == Code::conflict);
      DkimKey astray = key;
      astray.domain = DomainId(4);
      CHECK(code_of(tx.directory().add_dkim_key(astray)) == Code::not_found);
      return {};
    }));
    ok(world.write(other, [&](Tx& tx) -> Status {
      CHECK(code_of(tx.directory().create_domain({DomainId(5), {}, "acme.example", {}})) ==
            Code::conflict);
      CHECK(code_of(tx.directory().create_domain({DomainId(5), {}, "acme", {}})) == Code::invalid);
      CHECK(!ok(tx.directory().domain_by_name("acme.example")));
      CHECK(ok(tx.directory().dkim_keys(id)).empty());
      CHECK(code_of(tx.directory().delete_domain(id)) == Code::not_found);
      return {};
    }));
    const AccountId account = world.account(acme, "a@acme.example");
    ok(world.write(acme, [&](Tx& tx) -> Status {
      CHECK(code_of(tx.directory().delete_domain(id)) == Code::conflict);
      ok(tx.directory().delete_account(account));
      ok(tx.directory().delete_domain(id));
      CHECK(ok(tx.directory().dkim_keys(id)).empty());
      return {};
    }));
    ok(world.platform([&](PlatformTx& tx) -> Status {
      CHECK(!ok(tx.platform().domain_owner("acme.example")));
      return {};
    }));
    world.account(other, "b@acme.example");
    ok(world.platform([&](PlatformTx& tx) -> Status {
      CHECK(ok(tx.platform().domain_owner("acme.example"))->tenant == other.tenant);
      return {};
    }));
  });
}

TEST_CASE("accounts, credentials and addresses") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const AccountId hanako = world.account(acme, "Hanako@acme.example");
    ok(world.write(acme, [&](Tx& tx) -> Status {
      DirectoryStore& directory = tx.directory();
      Account account = *ok(directory.account(hanako));
      CHECK(account.address.text() == "Hanako@acme.example");
      CHECK(account.credential_version == 1);
      CHECK(ok(directory.account_by_address(address("hanako+news@acme.example")))->id == hanako);
      CHECK(ok(directory.local_recipient(address("HANAKO@acme.example")))->account == hanako);
      CHECK(!ok(directory.local_recipient(address("taro@acme.example"))));
      CHECK(ok(directory.account_credential(hanako)).scram_iterations == 4096);

      account.display_name = "花子";
      account.status = AccountStatus::disabled;
      account.quota_octets = 5000;
      ok(directory.update_account(account));
      const Account changed = *ok(directory.account(hanako));
      CHECK(changed.display_name == "花子");
      CHECK(changed.quota_octets == 5000);
      CHECK(ok(directory.local_recipient(account.address))->status == AccountStatus::disabled);
      account.status = AccountStatus::deleted;
      CHECK(code_of(directory.update_account(account)) == Code::invalid);

      ok(directory.set_account_credential(hanako, {"other", "s", 1, "k", "v"}));
      CHECK(ok(directory.account_credential(hanako)).argon2id == "other");
      CHECK(ok(directory.account(hanako))->credential_version == 2);

      ok(directory.add_alias(hanako, address("info@acme.example")));
      CHECK(code_of(directory.add_alias(hanako, address("INFO@acme.example"))) == Code::conflict);
      CHECK(code_of(directory.add_alias(hanako, address("a+b@acme.example"))) == Code::invalid);
      CHECK(code_of(directory.add_alias(hanako, address("a@elsewhere.example"))) ==
            Code::not_found);
      const auto all = ok(directory.addresses(hanako));
      REQUIRE(all.size() == 2);
      CHECK(all[0].text() == "Hanako@acme.example");
      CHECK(all[1].text() == "info@acme.example");
      CHECK(ok(directory.local_recipient(address("info+x@acme.example")))->account == hanako);
      CHECK(code_of(directory.remove_alias(hanako, address("hanako@acme.example"))) ==
            Code::not_found);  // the primary address isn't an alias
      ok(directory.remove_alias(hanako, address("info@acme.example")));
      CHECK(code_of(directory.remove_alias(hanako, address("info@acme.example"))) ==
            Code::not_found);
      return {};
    }));
    auto taken = world.write(acme, [&](Tx& tx) -> Status {
      Account twin;
      twin.id = AccountId(3);
      twin.address = address("hanako@acme.example");
      return tx.directory().create_account(twin, {});
    });
    CHECK(code_of(taken) == Code::conflict);
    ok(world.write(acme, [&](Tx& tx) -> Status {
      ok(tx.directory().delete_account(hanako));
      CHECK(code_of(tx.directory().delete_account(hanako)) == Code::not_found);
      CHECK(ok(tx.directory().account(hanako))->status == AccountStatus::deleted);
      CHECK(!ok(tx.directory().local_recipient(address("hanako@acme.example"))));
      CHECK(code_of(tx.directory().account_credential(hanako)) == Code::not_found);
      CHECK(code_of(tx.directory().set_account_credential(hanako, {})) == Code::not_found);
      CHECK(code_of(tx.mailboxes().deliver(hanako, content("m"))) == Code::not_found);
      return {};
    }));
    const AccountId again = world.account(acme, "hanako@acme.example");
    ok(world.read(acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.directory().accounts(AccountId(), 10)).size() == 2);
      CHECK(ok(tx.directory().accounts(hanako, 10)).at(0).id == again);
      CHECK(ok(tx.directory().accounts(again, 10)).empty());
      return {};
    }));
  });
}

TEST_CASE("application passwords and API users") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const AccountId hanako = world.account(acme, "hanako@acme.example");
    ok(world.write(acme, [&](Tx& tx) -> Status {
      DirectoryStore& directory = tx.directory();
      const AppPassword phone{world.ids().next<AppPasswordId>(), hanako, "phone", {"p"}, {}};
      ok(directory.add_app_password(phone));
      const auto passwords = ok(directory.app_passwords(hanako));
      REQUIRE(passwords.size() == 1);
      CHECK(passwords[0].name == "phone");
      CHECK(passwords[0].credential.argon2id == "p");
      ok(directory.remove_app_password(hanako, phone.id));
      CHECK(ok(directory.account(hanako))->credential_version == 2);
      CHECK(code_of(directory.remove_app_password(hanako, phone.id)) == Code::not_found);
      AppPassword astray = phone;
      astray.account = AccountId(1);
      CHECK(code_of(directory.add_app_password(astray)) == Code::not_found);

      ApiUser user;
      user.id = world.ids().next<ApiUserId>();
      user.name = address("app@acme.example");
      user.credential.argon2id = "key";
      ok(directory.create_api_user(user));
      ApiUser found = *ok(directory.api_user_by_name(address("APP@acme.example")));
      CHECK(found.id == user.id);
      CHECK(found.tenant == acme.tenant);
      CHECK(found.credential.argon2id == "key");
      found.smtp_access = false;
      ok(directory.update_api_user(found));
      found = *ok(directory.api_user_by_name(user.name));
      CHECK(!found.smtp_access);
      CHECK(found.credential_version == 1);
      found.credential.argon2id = "new";
      ok(directory.update_api_user(found));
      CHECK(ok(directory.api_users()).at(0).credential_version == 2);
      ApiUser twin = user;
      twin.id = world.ids().next<ApiUserId>();
      CHECK(code_of(directory.create_api_user(twin)) == Code::conflict);
      twin.name = address("app@elsewhere.example");
      CHECK(code_of(directory.create_api_user(twin)) == Code::not_found);
      CHECK(code_of(directory.update_api_user(twin)) == Code::not_found);
      ok(directory.delete_api_user(user.id));
      CHECK(code_of(directory.delete_api_user(user.id)) == Code::not_found);
      CHECK(!ok(directory.api_user_by_name(user.name)));
      return {};
    }));
  });
}

TEST_CASE("nothing of one tenant is seen or touched from another") {
  on_every_engine([](World& world) {
    const TenantScope acme = world.tenant("acme");
    const TenantScope other = world.tenant("other");
    const AccountId hanako = world.account(acme, "hanako@acme.example");
    world.account(other, "x@other.example");
    const EmailAddress hers = address("hanako@acme.example");
    MailboxId inbox;
    EmailId email;
    ApiUserId app = world.ids().next<ApiUserId>();
    const QueueId queued = world.ids().next<QueueId>();
    ok(world.write(acme, [&](Tx& tx) -> Status {
      const Appended put = ok(tx.mailboxes().deliver(hanako, content("m")));
      inbox = put.mailbox;
      email = put.email;
      ApiUser user;
      user.id = app;
      user.name = address("app@acme.example");
      ok(tx.directory().create_api_user(user));
      QueueMessage message;
      message.id = queued;
      message.recipients.push_back({0, address("a@b.example")});
      ok(tx.queue().enqueue(message, world.clock().now()));
      Record record;
      record.kind = RecordKind::accepted;
      record.message = queued;
      return tx.records().append(record);
    }));
    ok(world.write(other, [&](Tx& tx) -> Status {
      DirectoryStore& d = tx.directory();
      CHECK(!ok(d.account(hanako)));
      CHECK(!ok(d.account_by_address(hers)));
      CHECK(ok(d.accounts(AccountId(), 100)).size() == 1);
      Account stolen;
      stolen.id = hanako;
      CHECK(code_of(d.update_account(stolen)) == Code::not_found);
      CHECK(code_of(d.delete_account(hanako)) == Code::not_found);
      CHECK(code_of(d.set_account_credential(hanako, {})) == Code::not_found);
      CHECK(code_of(d.account_credential(hanako)) == Code::not_found);
      CHECK(code_of(d.add_alias(hanako, address("y@other.example"))) == Code::not_found);
      CHECK(code_of(d.remove_alias(hanako, hers)) == Code::not_found);
      CHECK(ok(d.addresses(hanako)).empty());
      CHECK(!ok(d.local_recipient(hers)));
      CHECK(code_of(d.add_app_password({AppPasswordId(1), hanako, "n", {}, {}})) ==
            Code::not_found);
      CHECK(ok(d.app_passwords(hanako)).empty());
      CHECK(code_of(d.remove_app_password(hanako, AppPasswordId(1))) == Code::not_found);
      CHECK(!ok(d.api_user_by_name(address("app@acme.example"))));
      CHECK(ok(d.api_users()).empty());
      CHECK(code_of(d.delete_api_user(app)) == Code::not_found);

      MailboxStore& m = tx.mailboxes();
      const std::vector<Uid> one{Uid{1}};
      CHECK(ok(m.mailboxes(hanako)).empty());
      CHECK(!ok(m.mailbox(hanako, inbox)));
      CHECK(!ok(m.mailbox_by_name(hanako, "INBOX")));
      CHECK(!ok(m.mailbox_by_role(hanako, MailboxRole::inbox)));
      CHECK(code_of(m.create_mailbox(hanako, "x", MailboxRole::none)) == Code::not_found);
      CHECK(code_of(m.rename_mailbox(hanako, inbox, "x")) == Code::not_found);
      CHECK(code_of(m.delete_mailbox(hanako, inbox)) == Code::not_found);
      CHECK(code_of(m.set_subscribed(hanako, inbox, false)) == Code::not_found);
      CHECK(code_of(m.append(hanako, inbox, content("x"), {})) == Code::not_found);
      CHECK(code_of(m.deliver(hanako, content("x"))) == Code::not_found);
      CHECK(code_of(m.entries(hanako, inbox, Uid{1})) == Code::not_found);
      const auto unseen = [](const IndexedEntry&) -> Status { return fail(Code::internal, ""); };
      CHECK(code_of(m.visit_index(hanako, inbox, unseen)) == Code::not_found);
      CHECK(!ok(m.email(hanako, email)));
      CHECK(code_of(m.emails(hanako, inbox, one)) == Code::not_found);
      CHECK(code_of(m.store_flags(hanako, inbox, {one, {}, {}, {}})) == Code::not_found);
      CHECK(code_of(m.copy(hanako, inbox, one, inbox)) == Code::not_found);
      CHECK(code_of(m.move(hanako, inbox, one, inbox)) == Code::not_found);
      CHECK(code_of(m.expunge(hanako, inbox, {})) == Code::not_found);
      CHECK(code_of(m.changes(hanako, inbox, ModSeq())) == Code::not_found);

      QueueStore& q = tx.queue();
      CHECK(!ok(q.message(queued)));
      CHECK(ok(q.list({})).empty());
      CHECK(code_of(q.finish_attempt(queued, {{0, RecipientState::delivered}})) == Code::not_found);
      CHECK(code_of(q.set_delay_notified(queued)) == Code::not_found);
      CHECK(code_of(q.retry_now(queued, world.clock().now())) == Code::not_found);
      CHECK(code_of(q.cancel(queued)) == Code::not_found);

      RecordQuery query;
      query.message = queued;
      CHECK(ok(tx.records().find(query)).empty());
      CHECK(ok(tx.records().find({})).empty());
      return {};
    }));
    ok(world.read(acme, [&](Tx& tx) -> Status {
      CHECK(ok(tx.mailboxes().mailbox(hanako, inbox))->total == 1);
      CHECK(ok(tx.queue().message(queued)).has_value());
      CHECK(ok(tx.records().find({})).size() == 1);
      return {};
    }));
    CHECK(code_of(world.read({TenantId(), {}}, [](Tx&) { return Status(); })) == Code::not_found);
    ok(world.keys().destroy(crypto::TenantNumber(acme.tenant.value())));
    CHECK(code_of(world.read(acme, [&](Tx& tx) -> Status {
            auto found = tx.directory().account(hanako);
            return found ? Status() : std::unexpected(found.error());
          })) == Code::not_found);
  });
}

}  // namespace
}  // namespace fumi::store::testing
