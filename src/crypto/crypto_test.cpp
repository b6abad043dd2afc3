#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <set>
#include <thread>

#include "base/ascii.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/tenant_keys.h"
#include "crypto/token.h"

using namespace fumi;
using namespace fumi::crypto;

namespace {
std::string hex(const Digest256& digest) { return ascii::to_hex(view(digest)); }
std::string bytes_of(std::string_view text) { return *ascii::from_hex(text); }
}  // namespace

TEST_CASE("SHA-256: FIPS 180-2 vectors") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256({"a", "", "bc"})) == hex(sha256("abc")));
}

TEST_CASE("HMAC-SHA-256: RFC 4231 vectors") {
  struct Row {
    std::string key, data;
    const char* mac;
  };
  const Row rows[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
  };
  for (const Row& row : rows)
    CHECK(hex(hmac_sha256(row.key, row.data)) == row.mac);
}

TEST_CASE("HKDF-SHA-256: RFC 5869 appendix A") {
  CHECK(ascii::to_hex(hkdf_sha256(std::string(22, '\x0b'), bytes_of("000102030405060708090a0b0c"),
                                  bytes_of("f0f1f2f3f4f5f6f7f8f9"), 42)) ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  CHECK(ascii::to_hex(hkdf_sha256(std::string(22, '\x0b'), {}, {}, 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("comparison in constant time") {
  CHECK(equal_constant_time("", ""));
  CHECK(equal_constant_time("secret", "secret"));
  CHECK_FALSE(equal_constant_time("secret", "secreT"));
  CHECK_FALSE(equal_constant_time("secret", "secret2"));
}

TEST_CASE("AES-256-GCM opens a published vector") {
  // McGrew and Viega, test case 16, framed as version | nonce | ciphertext | tag.
  const AeadKey key(bytes_of("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  const std::string sealed =
      "\x01" + bytes_of("cafebabefacedbaddecaf888") +
      bytes_of(
          "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b"
          "08b1056828838c5f61e6393ba7a0abcc9f662") +
      bytes_of("76fc6ece0f4e1768cddf8853bb2d551b");
  const auto opened = key.open(sealed, bytes_of("feedfacedeadbeeffeedfacedeadbeefabaddad2"));
  REQUIRE(opened);
  CHECK(ascii::to_hex(*opened).starts_with("d9313225f88406e5a55909c5aff5269a"));
  CHECK(opened->size() == 60);
}

TEST_CASE("what was sealed opens, and only unchanged, under the same key and data") {
  const AeadKey key(std::string(32, 'k'));
  const AeadKey other(std::string(32, 'o'));
  const bool held = rc::check([&](const std::string& plaintext, const std::string& aad) {
    const std::string sealed = key.seal(plaintext, aad);
    RC_ASSERT(sealed.size() == plaintext.size() + kAeadOverheadOctets);
    RC_ASSERT(key.open(sealed, aad).value() == plaintext);
    RC_ASSERT(key.open(sealed, aad + "x").error().code == Code::corrupt);
    RC_ASSERT(other.open(sealed, aad).error().code == Code::corrupt);
    std::string damaged = sealed;
    const auto at = *rc::gen::inRange<std::size_t>(0, damaged.size());
    damaged[at] = char(damaged[at] ^ (1 << *rc::gen::inRange(0, 8)));
    RC_ASSERT(key.open(damaged, aad).error().code == Code::corrupt);
    const auto cut = *rc::gen::inRange<std::size_t>(0, sealed.size());
    RC_ASSERT(key.open(sealed.substr(0, cut), aad).error().code == Code::corrupt);
    RC_ASSERT(key.seal(plaintext, aad) != sealed);
  });
  CHECK(held);
}

TEST_CASE("more keys than a thread caches, from several threads") {
  std::vector<std::unique_ptr<AeadKey>> keys;
  for (int i = 0; i < 40; ++i)
    keys.push_back(std::make_unique<AeadKey>(random_bytes(32)));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        const AeadKey& key = *keys[std::size_t(i * 7) % keys.size()];
        const auto opened = key.open(key.seal("text", "aad"), "aad");
        if (!opened || *opened != "text") ++wrong;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("random bytes differ, buffered ones too") {
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(12, '\0');
    random_fill_buffered(bytes.data(), bytes.size());
    seen.insert(bytes);
    seen.insert(random_bytes(12));
  }
  CHECK(seen.size() == 4000);
}

TEST_CASE("tenant keys separate purposes and tenants") {
  const TenantKeys keys{Secret(std::string(32, 'a'))};
  const TenantKeys same{Secret(std::string(32, 'a'))};
  const TenantKeys other{Secret(std::string(32, 'b'))};
  const std::string sealed = keys.seal("account.name", "Hanako", "row 1");
  CHECK(same.open("account.name", sealed, "row 1").value() == "Hanako");
  CHECK(same.open("account.mail", sealed, "row 1").error().code == Code::corrupt);
  CHECK(same.open("account.name", sealed, "row 2").error().code == Code::corrupt);
  CHECK(other.open("account.name", sealed, "row 1").error().code == Code::corrupt);

  CHECK(keys.blind_index("x", "a@b") == same.blind_index("x", "a@b"));
  CHECK(keys.blind_index("x", "a@b") != keys.blind_index("y", "a@b"));
  CHECK(keys.blind_index("x", "a@b") != keys.blind_index("x", "a@c"));
  CHECK(keys.blind_index("x", "a@b") != other.blind_index("x", "a@b"));
  CHECK(keys.blob_hash("body") == same.blob_hash("body"));
  CHECK(keys.blob_hash("body") != other.blob_hash("body"));
  std::string appended = "head";
  keys.seal_to(appended, "account.name", "Taro", "");
  CHECK(appended.starts_with("head"));
  CHECK(keys.open("account.name", std::string_view(appended).substr(4), "").value() == "Taro");
}

TEST_CASE("tenant keys are derived once by many threads") {
  const TenantKeys keys{Secret(std::string(32, 'a'))};
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const std::string purpose = "purpose " + std::to_string(i);
        if (!keys.open(purpose, keys.seal(purpose, "x", ""), "")) ++wrong;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("tokens are recognised by kind and checksum, and stored as a digest") {
  const NewToken token = make_token("api");
  const std::string text(token.text.reveal());
  CHECK(text.starts_with("fumi_api_"));
  CHECK(text.size() == 9 + 43 + 1 + 6);
  CHECK(text.starts_with(token.hint.substr(0, 13)));
  CHECK(token_digest("api", text) == token.stored);
  CHECK(token_digest("op", text) == std::nullopt);
  CHECK(token_digest("api", "") == std::nullopt);
  CHECK(token_digest("api", text + "x") == std::nullopt);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string typo = text;
    typo[i] = typo[i] == 'x' ? 'y' : 'x';
    CHECK(token_digest("api", typo) == std::nullopt);
  }
  CHECK(make_token("api").stored != token.stored);
}

TEST_CASE("measured: what short calls cost" *
          doctest::skip(std::getenv("FUMI_MEASURE") == nullptr)) {
  const TenantKeys keys{Secret(std::string(32, 'a'))};
  const std::string text = "hanako.yamada@acme.example";
  const auto measure = [](const std::string& name, auto call) {
    const auto start = std::chrono::steady_clock::now();
    constexpr int kTimes = 200'000;
    for (int i = 0; i < kTimes; ++i)
      call();
    const std::chrono::duration<double, std::micro> spent =
        std::chrono::steady_clock::now() - start;
    MESSAGE(name << ": " << spent.count() / kTimes << " us");
  };
  const std::string sealed = keys.seal("p", text, "aad");
  std::size_t sum = 0;
  measure("sha256", [&] { sum += sha256(text)[0]; });
  measure("blind index", [&] { sum += keys.blind_index("p", text)[0]; });
  measure("seal", [&] { sum += keys.seal("p", text, "aad").size(); });
  measure("open", [&] { sum += keys.open("p", sealed, "aad")->size(); });
  CHECK(sum > 0);
}
