#include "service/access/access.h"

#include <doctest/doctest.h>

#include "crypto/scram.h"
#include "proto/sasl/client_exchange.h"
#include "proto/sasl/server_exchange.h"
#include "service/tenancy/tenancy.h"
#include "service/testing/service_world.h"

namespace fumi::service {
namespace {

using testing::ServiceOptions;
using testing::ServiceWorld;

constexpr const char* kPassword = "correct horse battery";
constexpr LoginKinds kPeople;
constexpr LoginKinds kSmtp{LoginKinds::Accounts::yes, LoginKinds::ApiUsers::smtp};
constexpr LoginKinds kHttp{LoginKinds::Accounts::no, LoginKinds::ApiUsers::http};

struct Fixture {
  explicit Fixture(std::uint32_t failures_max = 20) : w(options(failures_max)) {
    acme = w.tenant("acme.example");
    other = w.tenant("other.example");
    make("hanako@acme.example");
  }
  static ServiceOptions options(std::uint32_t failures_max) {
    ServiceOptions options;
    options.access.failures_max = failures_max;
    return options;
  }
  void make(const std::string& address) {
    NewAccount account{address, "Hanako", Secret(kPassword), 0};
    REQUIRE(w.call(w->tenancy.create_account(acme, std::move(account))).has_value());
  }
  Code login(const std::string& name, const std::string& password, LoginKinds kinds = kPeople,
             const std::string& ip = "192.0.2.9") {
    auto got = w.call(w->access.password({"imap", ip, name}, Secret(password), kinds));
    if (got) last = *got;
    return got ? Code{} : got.error().code;
  }
  bool right(const std::string& name, const std::string& password, LoginKinds kinds = kPeople) {
    auto got = w.call(w->access.password({"imap", "192.0.2.9", name}, Secret(password), kinds));
    if (got) last = *got;
    return got.has_value();
  }
  void update(AccountChange change) {
    REQUIRE(w.call(w->tenancy.update_account(acme, "hanako@acme.example", std::move(change))));
  }

  ServiceWorld w;
  TenantScope acme, other;
  Principal last;
};

TEST_CASE("right, wrong, unknown and disabled: all refusals are alike, and all are recorded") {
  Fixture f;
  CHECK(f.right("Hanako@ACME.example", kPassword));
  CHECK(f.last.tenant == f.acme.tenant);
  CHECK(f.last.name.text() == "hanako@acme.example");
  CHECK(f.right("hanako@acme.example", kPassword));  // from the cache
  struct Case {
    std::string name, password;
  };
  for (const Case& c :
       {Case{"hanako@acme.example", "wrong password"}, Case{"nobody@acme.example", kPassword},
        Case{"hanako@nowhere.example", kPassword}, Case{"hanako", kPassword}, Case{"", ""},
        Case{"hanako@acme.example", std::string(5000, 'x')}}) {
    CAPTURE(c.name);
    CHECK(f.login(c.name, c.password) == Code::unauthenticated);
  }
  AccountChange off;
  off.status = AccountStatus::disabled;
  f.update(off);
  CHECK(f.login("hanako@acme.example", kPassword) == Code::unauthenticated);

  const auto good = f.w.records(f.acme, {RecordKind::login});
  REQUIRE(good.size() == 2);
  CHECK(good[0].actor.kind == Actor::Kind::account);
  CHECK(good[0].client_ip == "192.0.2.9");
  const auto bad = f.w.records(f.acme, {RecordKind::login_failed});
  REQUIRE(bad.size() == 3);  // wrong, nobody, disabled; the others are of no tenant, or too long
  for (const Record& record : bad)
    CHECK(record.actor.kind == Actor::Kind::peer);  // nobody has proven anything
  CHECK(f.w.records(f.other).empty());
}

TEST_CASE("nobody logs in to a shared account, and it takes no password") {
  Fixture f;
  NewAccount support{"support@acme.example", "", Secret(), 0, AccountKind::shared};
  const auto made = f.w.call(f.w->tenancy.create_account(f.acme, std::move(support)));
  REQUIRE(made.has_value());
  CHECK(made->kind == AccountKind::shared);
  for (const char* password : {"", kPassword, "x"})
    CHECK(f.login("support@acme.example", password) == Code::unauthenticated);
  const auto scram =
      f.w.call(f.w->access.scram({"imap", "192.0.2.9", "support@acme.example"}, kPeople));
  REQUIRE(scram.has_value());
  CHECK_FALSE(scram->principal.has_value());
  AccountChange change;
  change.password = Secret(kPassword);
  auto set =
      f.w.call(f.w->tenancy.update_account(f.acme, "support@acme.example", std::move(change)));
  REQUIRE_FALSE(set.has_value());
  CHECK(set.error().code == Code::invalid);
  auto key = f.w.call(f.w->tenancy.create_app_password(f.acme, "support@acme.example", "x"));
  REQUIRE_FALSE(key.has_value());
  CHECK(key.error().code == Code::invalid);
  NewAccount second{"info@acme.example", "", Secret(kPassword), 0, AccountKind::shared};
  auto refused = f.w.call(f.w->tenancy.create_account(f.acme, std::move(second)));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Code::invalid);
}

TEST_CASE("a changed password, a new status and a removed app password work at once") {
  Fixture f;
  CHECK(f.right("hanako@acme.example", kPassword));
  auto app = f.w.call(f.w->tenancy.create_app_password(f.acme, "hanako@acme.example", "phone"));
  REQUIRE(app.has_value());
  const std::string key(app->key.reveal());
  CHECK(f.right("hanako@acme.example", key));
  CHECK(f.right("hanako@acme.example", key));
  CHECK(f.right("hanako@acme.example", kPassword));
  REQUIRE(
      f.w.call(f.w->tenancy.remove_app_password(f.acme, "hanako@acme.example", app->password.id)));
  CHECK_FALSE(f.right("hanako@acme.example", key));
  AccountChange change;
  change.password = Secret("another long password");
  f.update(std::move(change));
  CHECK_FALSE(f.right("hanako@acme.example", kPassword));
  CHECK(f.right("hanako@acme.example", "another long password"));
  f.w.world.platform([&](PlatformTx& tx) {
    return tx.platform().set_tenant_status(f.acme.tenant, TenantStatus::suspended);
  });
  CHECK_FALSE(f.right("hanako@acme.example", "another long password"));
}

TEST_CASE("API users come in by the doors that are open to them, and no others") {
  Fixture f;
  auto made = f.w.call(f.w->tenancy.create_api_user(f.acme, "app@acme.example"));
  REQUIRE(made.has_value());
  const std::string key(made->key.reveal());
  CHECK_FALSE(f.right("app@acme.example", key, kPeople));
  CHECK(f.right("app@acme.example", key, kSmtp));
  CHECK(f.last.kind == Principal::Kind::api_user);
  CHECK(f.right("app@acme.example", key, kHttp));
  CHECK_FALSE(f.right("app@acme.example", key + "x", kSmtp));
  CHECK_FALSE(f.right("hanako@acme.example", kPassword, kHttp));
  const auto set = [&](auto change) {
    ApiUser user = made->user;
    change(user);
    REQUIRE(f.w.world.write(
        f.acme, [&](Tx& tx) -> Status { return tx.directory().update_api_user(user); }));
  };
  set([](ApiUser& user) { user.smtp_access = false; });
  CHECK_FALSE(f.right("app@acme.example", key, kSmtp));
  CHECK(f.right("app@acme.example", key, kHttp));
  set([](ApiUser& user) { user.http_access = false; });
  CHECK_FALSE(f.right("app@acme.example", key, kHttp));
  CHECK(f.right("app@acme.example", key, kSmtp));
  set([](ApiUser& user) { user.status = AccountStatus::disabled; });
  CHECK_FALSE(f.right("app@acme.example", key, kSmtp));
}

TEST_CASE("too many failures close a name for every spelling of it, and open again") {
  Fixture f(3);
  const std::array<const char*, 3> spellings{"hanako@acme.example", "HANAKO@acme.example",
                                             "hanako+x@ACME.example"};
  int host = 1;
  for (const char* name : spellings)
    CHECK(f.login(name, "wrong password", kPeople, "192.0.2." + std::to_string(host++)) ==
          Code::unauthenticated);
  CHECK(f.login("hanako@acme.example", kPassword, kPeople, "192.0.2.50") == Code::rate_limited);
  CHECK(f.login("Hanako+y@acme.example", kPassword, kPeople, "192.0.2.51") == Code::rate_limited);
  auto scram = f.w.call(f.w->access.scram({"imap", "192.0.2.52", "hanako@acme.example"}, kPeople));
  REQUIRE_FALSE(scram.has_value());
  CHECK(scram.error().code == Code::rate_limited);
  f.w.world.clock().advance(std::chrono::minutes(21));
  CHECK(f.login("hanako@acme.example", kPassword, kPeople, "192.0.2.53") == Code{});
}

TEST_CASE("too many failures close an address; IPv6 counts by its /64") {
  Fixture f(3);
  for (int i = 0; i < 3; ++i)
    CHECK(f.login("n" + std::to_string(i) + "@acme.example", "x", kPeople,
                  "2001:db8::" + std::to_string(i)) == Code::unauthenticated);
  CHECK(f.login("hanako@acme.example", kPassword, kPeople, "2001:db8::ffff") == Code::rate_limited);
  CHECK(f.login("hanako@acme.example", kPassword, kPeople, "2001:db8:0:1::1") == Code{});
}

TEST_CASE("our own failures are no wrong passwords") {
  Fixture f(3);
  f.w->runtime.fail_offload_with(Error{Code::rate_limited, "offloading", "busy"});
  for (int i = 0; i < 5; ++i)
    CHECK(f.login("hanako@acme.example", kPassword) == Code::rate_limited);
  f.w->runtime.fail_offload_with(std::nullopt);
  for (std::size_t at = 1;; ++at) {
    f.w.faults.arm(at);
    const Code code = f.login("hanako@acme.example", kPassword);
    if (!f.w.faults.went_off()) {
      CHECK(code == Code{});
      break;
    }
    CHECK(code == Code::unavailable);
    REQUIRE(at < 20);
  }
}

// Plays a SCRAM exchange between sasl's client and what Access knows.
bool scram(Fixture& f, const std::string& name, const std::string& password) {
  sasl::ServerConfig config;
  config.nonce = "serverNonce";
  config.fake_salt_key = Secret(std::string(32, 'k'));
  sasl::ServerExchange server(config);
  sasl::ClientExchange client(sasl::Mechanism::scram_sha_256, {"", name, Secret(password)}, {},
                              "clientNonce");
  const LoginAttempt attempt{"imap", "192.0.2.9", name};
  std::optional<Principal> principal;
  sasl::ServerStep step = server.start(sasl::Mechanism::scram_sha_256, client.initial());
  for (;;) {
    if (std::get_if<sasl::NeedVerifier>(&step) != nullptr) {
      auto candidate = f.w.call(f.w->access.scram(attempt, kPeople));
      REQUIRE(candidate.has_value());
      principal = candidate->principal;
      std::optional<sasl::ScramVerifier> verifier;
      if (principal) {
        const Credential& c = candidate->credential;
        verifier = sasl::ScramVerifier{c.scram_salt, c.scram_iterations, c.scram_stored_key,
                                       c.scram_server_key};
      }
      step = server.answer_verifier(std::move(verifier));
    } else if (const auto* challenge = std::get_if<sasl::Challenge>(&step)) {
      auto answer = client.respond(challenge->octets);
      if (!answer) return false;
      step = server.respond(*answer);
    } else if (std::get_if<sasl::Done>(&step) != nullptr) {
      REQUIRE(f.w.call(f.w->access.scram_done(attempt, principal)));
      return client.ensure_complete().has_value();
    } else {
      f.w->runtime.call(f.w->access.scram_failed(attempt));
      return false;
    }
  }
}

TEST_CASE("SCRAM: the verifier of a right password, and none for names that are not there") {
  Fixture f;
  CHECK(scram(f, "hanako@acme.example", kPassword));
  CHECK_FALSE(scram(f, "hanako@acme.example", "wrong password"));
  CHECK_FALSE(scram(f, "nobody@acme.example", kPassword));
  CHECK(f.w.records(f.acme, {RecordKind::login}).size() == 1);
  CHECK(f.w.records(f.acme, {RecordKind::login_failed}).size() == 2);
}

TEST_CASE("who may send as whom, and no longer than they are active") {
  Fixture f;
  const AccountId taro = f.w.account(f.acme, "taro@acme.example");
  f.w.account(f.other, "ken@other.example");
  REQUIRE(f.w.call(f.w->tenancy.add_alias(f.acme, "taro@acme.example", "sales@acme.example")));
  const Principal person =
      *testing::ServiceWorld::from(f.acme, taro, "taro@acme.example").principal;
  auto api = f.w.call(f.w->tenancy.create_api_user(f.acme, "app@acme.example"));
  REQUIRE(api.has_value());
  Principal program{Principal::Kind::api_user, f.acme.tenant, {}, api->user.id, api->user.name};
  const auto may = [&](const Principal& who, const std::string& address) {
    auto got = f.w.call(f.w->access.may_send_as(who, *EmailAddress::parse(address)));
    REQUIRE(got.has_value());
    return *got;
  };
  CHECK(may(person, "taro@acme.example"));
  CHECK(may(person, "Taro+tag@acme.example"));
  CHECK(may(person, "sales@acme.example"));
  CHECK_FALSE(may(person, "hanako@acme.example"));
  CHECK_FALSE(may(person, "nobody@acme.example"));
  CHECK_FALSE(may(person, "ken@other.example"));
  CHECK_FALSE(may(person, "x@remote.example"));
  CHECK(may(program, "anything@acme.example"));
  CHECK_FALSE(may(program, "ken@other.example"));
  CHECK_FALSE(may(program, "x@remote.example"));
  // The same ids in another tenant's name open nothing there.
  Principal stranger = person;
  stranger.tenant = f.other.tenant;
  CHECK_FALSE(may(stranger, "ken@other.example"));
  CHECK_FALSE(may(stranger, "taro@acme.example"));
  REQUIRE(f.w.call(f.w->tenancy.delete_api_user(f.acme, "app@acme.example")));
  CHECK_FALSE(may(program, "anything@acme.example"));
  AccountChange off;
  off.status = AccountStatus::disabled;
  REQUIRE(f.w.call(f.w->tenancy.update_account(f.acme, "taro@acme.example", off)));
  CHECK_FALSE(may(person, "taro@acme.example"));
}

}  // namespace
}  // namespace fumi::service
