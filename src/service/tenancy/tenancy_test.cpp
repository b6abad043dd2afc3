#include "service/tenancy/tenancy.h"

#include <doctest/doctest.h>

#include "service/tenancy/credential.h"
#include "service/tenancy/operation.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::ServiceWorld;

constexpr Actor kOperator{Actor::Kind::operator_, 7};

template <class T>
Code code_of(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

struct Fixture {
  Fixture() {
    auto a = w.call(w->tenancy.create_tenant(kOperator, "acme"));
    auto b = w.call(w->tenancy.create_tenant(kOperator, "other"));
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    acme = {a->id, kOperator};
    other = {b->id, kOperator};
    REQUIRE(w.call(t().create_domain(acme, "Acme.example")).has_value());
    REQUIRE(w.call(t().create_domain(other, "other.example")).has_value());
  }
  Tenancy& t() { return w->tenancy; }
  Result<Account> make(const TenantScope& scope, const std::string& address) {
    NewAccount account{address, "Name", Secret("long enough password"), 0};
    return w.call(t().create_account(scope, std::move(account)));
  }
  // The verbs of the tenant's operation records, oldest first.
  std::vector<std::string> verbs(const TenantScope& scope) {
    std::vector<std::string> out;
    for (const Record& record : w.records(scope, {RecordKind::operation})) {
      out.push_back(record.from);
      CHECK(record.actor == kOperator);
    }
    return out;
  }
  ServiceWorld w;
  TenantScope acme, other;
};

TEST_CASE("each act writes one operation record, by whom and on what") {
  Fixture f;
  auto account = f.make(f.acme, "hanako@acme.example");
  REQUIRE(account.has_value());
  CHECK(account->credential_version == 1);
  AccountChange change;
  change.display_name = "花子";
  change.quota_octets = 1000;
  auto changed = f.w.call(f.t().update_account(f.acme, "hanako@acme.example", change));
  REQUIRE(changed.has_value());
  CHECK(changed->display_name == "花子");
  REQUIRE(f.w.call(f.t().add_alias(f.acme, "hanako@acme.example", "info@acme.example")));
  auto addresses = f.w.call(f.t().addresses(f.acme, "hanako@acme.example"));
  REQUIRE(addresses.has_value());
  CHECK(addresses->size() == 2);
  REQUIRE(f.w.call(f.t().remove_alias(f.acme, "hanako@acme.example", "info@acme.example")));
  auto app = f.w.call(f.t().create_app_password(f.acme, "hanako@acme.example", "phone"));
  REQUIRE(app.has_value());
  REQUIRE(f.w.call(f.t().remove_app_password(f.acme, "hanako@acme.example", app->password.id)));
  REQUIRE(f.w.call(f.t().create_api_user(f.acme, "app@acme.example")).has_value());
  REQUIRE(f.w.call(f.t().delete_api_user(f.acme, "app@acme.example")));
  REQUIRE(f.w.call(f.t().delete_account(f.acme, "hanako@acme.example")));
  REQUIRE(f.w.call(f.t().delete_domain(f.acme, "ACME.example")));
  REQUIRE(f.w.call(f.t().set_tenant_status(kOperator, f.acme.tenant, TenantStatus::suspended)));
  CHECK(f.verbs(f.acme) == std::vector<std::string>{
                               "tenant.create", "domain.create", "account.create", "account.update",
                               "alias.add", "alias.remove", "app_password.create",
                               "app_password.remove", "api_user.create", "api_user.delete",
                               "account.delete", "domain.delete", "tenant.status"});
  CHECK(f.verbs(f.other) == std::vector<std::string>{"tenant.create", "domain.create"});
  for (const Record& record : f.w.records(f.acme, {RecordKind::operation}))
    CHECK_FALSE(record.detail.contains("password\":\"long"));
}

TEST_CASE("bad requests and conflicts are refused and leave nothing behind") {
  Fixture f;
  REQUIRE(f.make(f.acme, "hanako@acme.example").has_value());
  const std::size_t records = f.w.records(f.acme).size();
  for (const char* name : {"", "a", "Acme", "1acme", "ac me", "ac.me"}) {
    CAPTURE(name);
    CHECK(code_of(f.w.call(f.t().create_tenant(kOperator, name))) == Code::invalid);
  }
  CHECK(code_of(f.w.call(f.t().create_tenant(kOperator, "acme"))) == Code::conflict);
  CHECK(code_of(f.w.call(f.t().create_domain(f.acme, "no domain"))) == Code::invalid);
  CHECK(code_of(f.w.call(f.t().create_domain(f.acme, "other.example"))) == Code::conflict);
  CHECK(code_of(f.make(f.acme, "no address")) == Code::invalid);
  CHECK(code_of(f.make(f.acme, "hanako@acme.example")) == Code::conflict);
  NewAccount weak{"weak@acme.example", "", Secret("short"), 0};
  CHECK(code_of(f.w.call(f.t().create_account(f.acme, weak))) == Code::invalid);
  NewAccount control{"weak@acme.example", "two\r\nlines", Secret("long enough password"), 0};
  CHECK(code_of(f.w.call(f.t().create_account(f.acme, control))) == Code::invalid);
  CHECK(code_of(f.w.call(f.t().create_app_password(f.acme, "hanako@acme.example",
                                                   std::string(1000, 'x')))) == Code::invalid);
  CHECK(code_of(f.w.call(f.t().delete_domain(f.acme, "acme.example"))) == Code::conflict);
  // One name is a person's or a program's, never both.
  CHECK(code_of(f.w.call(f.t().create_api_user(f.acme, "hanako@acme.example"))) == Code::conflict);
  REQUIRE(f.w.call(f.t().create_api_user(f.acme, "app@acme.example")).has_value());
  CHECK(code_of(f.make(f.acme, "app@acme.example")) == Code::conflict);
  CHECK(code_of(f.w.call(f.t().add_alias(f.acme, "hanako@acme.example", "app@acme.example"))) ==
        Code::conflict);
  CHECK(f.w.records(f.acme).size() == records + 1);
}

TEST_CASE("another tenant's names are not there") {
  Fixture f;
  REQUIRE(f.make(f.acme, "hanako@acme.example").has_value());
  auto app = f.w.call(f.t().create_app_password(f.acme, "hanako@acme.example", "phone"));
  REQUIRE(app.has_value());
  REQUIRE(f.w.call(f.t().create_api_user(f.acme, "app@acme.example")).has_value());
  const std::string mine = "hanako@acme.example";
  const TenantScope& o = f.other;
  CHECK(code_of(f.make(o, "new@acme.example")) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().account(o, mine))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().update_account(o, mine, {}))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().delete_account(o, mine))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().add_alias(o, mine, "x@other.example"))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().remove_alias(o, mine, mine))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().addresses(o, mine))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().create_app_password(o, mine, "x"))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().app_passwords(o, mine))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().remove_app_password(o, mine, app->password.id))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().create_api_user(o, "new@acme.example"))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().delete_api_user(o, "app@acme.example"))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().delete_domain(o, "acme.example"))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().dkim_keys(o, "acme.example"))) == Code::not_found);
  auto own = f.make(o, "ken@other.example");
  REQUIRE(own.has_value());
  // An own account, but somebody else's domain or key.
  CHECK(code_of(f.w.call(f.t().add_alias(o, "ken@other.example", "x@acme.example"))) ==
        Code::not_found);
  CHECK(code_of(f.w.call(f.t().remove_app_password(o, "ken@other.example", app->password.id))) ==
        Code::not_found);
  CHECK(f.w.call(f.t().accounts(o, AccountId(), 100))->size() == 1);
  CHECK(f.w.call(f.t().api_users(o))->empty());
  CHECK(f.w.call(f.t().domains(o))->size() == 1);
  CHECK(f.w.call(f.t().account(f.acme, mine)).has_value());
}

TEST_CASE("a domain brings its DKIM keys, in any spelling of its name") {
  Fixture f;
  auto keys = f.w.call(f.t().dkim_keys(f.acme, "ACME.Example"));
  REQUIRE(keys.has_value());
  REQUIRE(keys->size() == 2);
  CHECK(keys->at(0).dns_record.starts_with("v=DKIM1"));
  auto tenant = f.w.call(f.t().tenant_of("Somebody@Acme.Example"));
  REQUIRE(tenant.has_value());
  CHECK(*tenant == f.acme.tenant);
  CHECK(code_of(f.w.call(f.t().tenant_of("x@nowhere.example"))) == Code::not_found);
  CHECK(code_of(f.w.call(f.t().tenant_of("not a domain"))) == Code::invalid);
}

TEST_CASE("an act that fails in the store has not happened") {
  Fixture f;
  for (std::size_t at = 1;; ++at) {
    f.w.faults.arm(at);
    const auto made = f.make(f.acme, "hanako@acme.example");
    if (!f.w.faults.went_off()) {
      REQUIRE(made.has_value());
      break;
    }
    CHECK(code_of(made) == Code::unavailable);
    f.w.faults.arm(0);
    CHECK(f.w.call(f.t().accounts(f.acme, AccountId(), 100))->empty());
    REQUIRE(at < 10);
  }
}

TEST_CASE("routing knows whose an address is, remembers it for a moment, and forgets on a change") {
  Fixture f;
  REQUIRE(f.make(f.acme, "hanako@acme.example").has_value());
  Routing& routing = f.w->routing;
  const auto kind = [&](const std::string& address) {
    auto route = f.w.call(routing.resolve(*EmailAddress::parse(address)));
    REQUIRE(route.has_value());
    return route->kind;
  };
  CHECK(kind("hanako@acme.example") == Route::Kind::local);
  CHECK(kind("Hanako+tag@Acme.example") == Route::Kind::local);
  CHECK(kind("nobody@acme.example") == Route::Kind::unknown_user);
  CHECK(kind("x@remote.example") == Route::Kind::remote);
  const std::size_t before = f.w.faults.operations;
  for (int i = 0; i < 10; ++i)
    CHECK(kind("hanako@acme.example") == Route::Kind::local);
  CHECK(f.w.faults.operations == before);  // from the cache

  AccountChange off;
  off.status = AccountStatus::disabled;
  REQUIRE(f.w.call(f.t().update_account(f.acme, "hanako@acme.example", off)));
  CHECK(kind("hanako@acme.example") == Route::Kind::closed);
  REQUIRE(f.w.call(f.t().delete_account(f.acme, "hanako@acme.example")));
  CHECK(kind("hanako@acme.example") == Route::Kind::unknown_user);
  REQUIRE(f.make(f.acme, "nobody@acme.example").has_value());
  CHECK(kind("nobody@acme.example") == Route::Kind::local);
  REQUIRE(f.w.call(f.t().set_tenant_status(kOperator, f.acme.tenant, TenantStatus::suspended)));
  CHECK(kind("nobody@acme.example") == Route::Kind::closed);
  REQUIRE(f.w.call(f.t().create_domain(f.other, "remote.example")).has_value());
  CHECK(kind("x@remote.example") == Route::Kind::unknown_user);
}

TEST_CASE("a change that another node made is seen when the cache's moment has passed") {
  Fixture f;
  REQUIRE(f.make(f.acme, "hanako@acme.example").has_value());
  const auto resolve = [&] {
    return f.w.call(f.w->routing.resolve(*EmailAddress::parse("hanako@acme.example")));
  };
  CHECK(resolve()->has_room);
  auto account = f.w.call(f.t().account(f.acme, "hanako@acme.example"));
  account->quota_octets = 1;
  REQUIRE(f.w.world.write(f.acme, [&](Tx& tx) -> Status {
    FUMI_CHECK(tx.directory().update_account(*account));
    EmailContent content = store::testing::content("<a@b>", 1);
    FUMI_TRY([[maybe_unused]] const auto placed, tx.mailboxes().deliver(account->id, content));
    return {};
  }));
  CHECK(resolve()->has_room);
  f.w.world.clock().advance(std::chrono::seconds(6));
  CHECK_FALSE(resolve()->has_room);
  f.w.faults.arm(1);
  CHECK(resolve().has_value());
  f.w->routing.forget_all();
  CHECK_FALSE(resolve().has_value());  // a store that is away is no unknown user
}

TEST_CASE("credentials: passwords are hashed slowly, keys fast, and neither opens the other") {
  auto password = make_credential(Secret("a password"));
  REQUIRE(password.has_value());
  auto key = make_key_credential(Secret("fumi_app_key"));
  REQUIRE(key.has_value());
  CHECK(password->argon2id.starts_with("$argon2id$"));
  CHECK(*check_credential(Secret("a password"), *password) == Match::right);
  CHECK(*check_credential(Secret("a passworD"), *password) == Match::wrong);
  CHECK(*check_credential(Secret("fumi_app_key"), *key) == Match::right);
  CHECK(*check_credential(Secret("fumi_app_kez"), *key) == Match::wrong);
  CHECK_FALSE(make_credential(Secret("seven77")).has_value());
  CHECK_FALSE(make_credential(Secret("tab\tin the middle")).has_value());
}

TEST_CASE("details of an operation are JSON, whatever stands in them") {
  const Record record = operation(kOperator, Instant(), "x", "y", {{"a", "q\"b\\c\n"}, {"b", ""}});
  CHECK(record.detail == R"({"a":"q\"b\\c\u000a","b":""})");
}

}  // namespace
}  // namespace fumi::service
