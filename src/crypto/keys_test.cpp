#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "crypto/auth_cache.h"
#include "crypto/key_ring.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "crypto/root_key.h"

using namespace fumi;
using namespace fumi::crypto;

namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "fumi-crypto-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class MapKeyStore final : public KeyStore {
 public:
  Status create(TenantNumber tenant, std::string wrapped) override {
    if (!keys.emplace(tenant, std::move(wrapped)).second) return fail(Code::conflict, "creating");
    return {};
  }
  Result<std::string> load(TenantNumber tenant) override {
    ++loads;
    if (!keys.contains(tenant)) return fail(Code::not_found, "loading");
    return keys[tenant];
  }
  Status replace(TenantNumber tenant, std::string wrapped) override {
    if (replaces_left-- == 0) return fail(Code::unavailable, "replacing");
    keys[tenant] = std::move(wrapped);
    return {};
  }
  Status destroy(TenantNumber tenant) override {
    if (keys.erase(tenant) == 0) return fail(Code::not_found, "destroying");
    return {};
  }
  Result<std::vector<TenantNumber>> list() override {
    std::vector<TenantNumber> out;
    for (const auto& [tenant, key] : keys)
      out.push_back(tenant);
    return out;
  }
  std::map<TenantNumber, std::string> keys;
  int loads = 0;
  int replaces_left = -1;
};

std::shared_ptr<const RootKey> root(char octet) {
  return std::make_shared<const RootKey>(Secret(std::string(32, octet)));
}

const Instant kStart = from_micros(1'800'000'000'000'000);
constexpr PasswordCost kCheap{.passes = 1, .memory_kib = 64, .lanes = 1};

}  // namespace

TEST_CASE("the root key's file: created once, 0600, read back") {
  const TemporaryFolder folder;
  const std::string path = folder.file("root.key");
  const auto made = RootKey::create(path);
  REQUIRE(made);
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
  const auto loaded = RootKey::load(path);
  REQUIRE(loaded);
  CHECK((*loaded)->id() == (*made)->id());
  CHECK(RootKey::create(path).error().code == Code::conflict);
  CHECK(RootKey::create(folder.file("none/root.key")).error().code == Code::unavailable);
  CHECK(RootKey::load(folder.file("none")).error().code == Code::not_found);
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  CHECK(RootKey::load(path).error().code == Code::denied);
}

TEST_CASE("a file that is no root key is refused") {
  const TemporaryFolder folder;
  const std::string path = folder.file("root.key");
  const std::string digits(64, '0');
  for (const std::string& content :
       {std::string(), std::string("fumi-root-key-1 "), "fumi-root-key-2 " + digits,
        "fumi-root-key-1 " + digits + "00\n", "fumi-root-key-1 " + digits.substr(1) + "x\n",
        "fumi-root-key-1 " + digits.substr(2)}) {
    CAPTURE(content);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    CHECK(RootKey::load(path).error().code == Code::corrupt);
  }
  REQUIRE(::mkdir(folder.file("folder").c_str(), 0700) == 0);
  CHECK(RootKey::load(folder.file("folder")).error().code == Code::invalid);
}

TEST_CASE("wrapped keys belong to one tenant and one root key") {
  const auto one = root('1');
  const auto two = root('2');
  const Secret key(std::string(32, 'k'));
  const std::string wrapped = one->wrap(TenantNumber(7), key);
  CHECK(one->unwrap(TenantNumber(7), wrapped)->reveal() == key.reveal());
  CHECK(one->unwrap(TenantNumber(8), wrapped).error().code == Code::corrupt);
  CHECK(two->unwrap(TenantNumber(7), wrapped).error().code == Code::unauthenticated);
  CHECK(one->unwrap(TenantNumber(7), "").error().code == Code::corrupt);
  std::string damaged = wrapped;
  damaged.back() = char(damaged.back() ^ 1);
  CHECK(one->unwrap(TenantNumber(7), damaged).error().code == Code::corrupt);
}

TEST_CASE("the key ring creates, caches, forgets and destroys") {
  MapKeyStore store;
  FakeClock clock(kStart);
  KeyRing ring(store, root('1'), nullptr, clock, {.tenants_max = 2, .age_max = Duration(1000)});
  CHECK(ring.get(TenantNumber(1)).error().code == Code::not_found);
  CHECK(ring.create(TenantNumber(0)).error().code == Code::invalid);
  for (std::uint64_t i = 1; i <= 3; ++i)
    REQUIRE(ring.create(TenantNumber(i)));
  CHECK(ring.create(TenantNumber(1)).error().code == Code::conflict);
  CHECK(store.keys[TenantNumber(1)] != store.keys[TenantNumber(2)]);

  store.loads = 0;
  const auto first = ring.get(TenantNumber(1)).value();
  CHECK(ring.get(TenantNumber(1)).value() == first);
  CHECK(store.loads == 1);
  REQUIRE(ring.get(TenantNumber(2)));
  REQUIRE(ring.get(TenantNumber(1)));
  REQUIRE(ring.get(TenantNumber(3)));  // pushes 2 out, the least recently used
  CHECK(store.loads == 3);
  REQUIRE(ring.get(TenantNumber(1)));
  CHECK(store.loads == 3);
  REQUIRE(ring.get(TenantNumber(2)));
  CHECK(store.loads == 4);
  clock.advance(Duration(1000));
  REQUIRE(ring.get(TenantNumber(2)));
  CHECK(store.loads == 5);

  const std::string sealed = first->seal("p", "text", "");
  REQUIRE(ring.destroy(TenantNumber(1)));
  CHECK(ring.get(TenantNumber(1)).error().code == Code::not_found);
  CHECK(ring.destroy(TenantNumber(1)).error().code == Code::not_found);
  CHECK(first->open("p", sealed, "").value() == "text");  // who holds the keys may end its work
}

TEST_CASE("a rotation that stops half-way loses no key, and ends when run again") {
  MapKeyStore store;
  FakeClock clock(kStart);
  std::string sealed;
  {
    KeyRing ring(store, root('1'), nullptr, clock);
    for (std::uint64_t i = 1; i <= 5; ++i)
      REQUIRE(ring.create(TenantNumber(i)));
    sealed = ring.get(TenantNumber(5)).value()->seal("p", "text", "");
  }
  store.replaces_left = 2;
  CHECK(rewrap_all(store, *root('1'), *root('2')).error().code == Code::unavailable);
  {
    KeyRing both(store, root('2'), root('1'), clock);
    for (std::uint64_t i = 1; i <= 5; ++i)
      CHECK(both.get(TenantNumber(i)));
    KeyRing only_new(store, root('2'), nullptr, clock);
    CHECK(only_new.get(TenantNumber(1)));
    CHECK(only_new.get(TenantNumber(5)).error().code == Code::unauthenticated);
  }
  store.replaces_left = -1;
  CHECK(rewrap_all(store, *root('1'), *root('2')).value() == 3);
  KeyRing only_new(store, root('2'), nullptr, clock);
  CHECK(only_new.get(TenantNumber(5)).value()->open("p", sealed, "").value() == "text");
}

TEST_CASE("passwords: hashed, checked, aged") {
  const Secret right("正しい password");
  const std::string hash = hash_password(right, kCheap).value();
  CHECK(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  CHECK(hash_password(right, kCheap).value() != hash);
  CHECK(check_password(right, hash).value() == PasswordMatch::right);
  CHECK(check_password(Secret("wrong"), hash).value() == PasswordMatch::wrong);
  CHECK(check_password(Secret(std::string(5000, 'x')), hash).value() == PasswordMatch::wrong);
  CHECK(hash_password(Secret(std::string(1025, 'x')), kCheap).error().code == Code::too_large);
  CHECK(hash_age(hash, kCheap) == HashAge::current);
  CHECK(hash_age(hash) == HashAge::outdated);
  CHECK(hash_age("") == HashAge::outdated);
  const std::string full = hash_password(right).value();
  CHECK(full.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  CHECK(hash_age(full) == HashAge::current);
  check_password_of_nobody(right);
}

TEST_CASE("a stored hash that is wrong or too expensive is refused, not tried") {
  const Secret password("x");
  for (const char* hash :
       {"", "plain", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=64,t=1",
        "$argon2id$v=19$m=,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=64,t=65,p=1$c2FsdHNhbHQ$aGFzaA",
        "$argon2id$v=19$m=64,t=1,p=17$c2FsdHNhbHQ$aGFzaA", "$argon2id$v=19$m=64,t=1,p=1$!$!"}) {
    CAPTURE(hash);
    CHECK(check_password(password, hash).error().code == Code::corrupt);
  }
}

TEST_CASE("the authentication cache knows the right password of the right version for a while") {
  FakeClock clock(kStart);
  AuthenticationCache cache(clock, {.entries_max = 2, .age_max = Duration(1000)});
  const Secret password("secret");
  CHECK_FALSE(cache.knows("a", 1, password));
  cache.remember("a", 1, password);
  CHECK(cache.knows("a", 1, password));
  CHECK_FALSE(cache.knows("a", 2, password));  // changed meanwhile
  CHECK_FALSE(cache.knows("a", 1, Secret("Secret")));
  CHECK_FALSE(cache.knows("b", 1, password));
  clock.advance(Duration(999));
  CHECK(cache.knows("a", 1, password));
  clock.advance(Duration(1));
  CHECK_FALSE(cache.knows("a", 1, password));  // use doesn't prolong it

  cache.remember("a", 1, password);
  cache.remember("b", 1, password);
  CHECK(cache.knows("a", 1, password));
  cache.remember("c", 1, password);
  CHECK_FALSE(cache.knows("b", 1, password));
  CHECK(cache.knows("a", 1, password));
  cache.remember("a", 2, password);
  CHECK(cache.knows("a", 2, password));
  CHECK(cache.knows("c", 1, password));
  cache.forget("a");
  CHECK_FALSE(cache.knows("a", 2, password));
  cache.forget("nobody");
  AuthenticationCache none(clock, {.entries_max = 0, .age_max = Duration(1000)});
  none.remember("a", 1, password);
  CHECK_FALSE(none.knows("a", 1, password));
}
