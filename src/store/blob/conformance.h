// What every BlobStore must do, as one doctest suite that each adapter's tests run.
//
// Included by tests only. The store under test must be empty of the suite's texts.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/ports/blob_store.h"

namespace fumi::store {

// Runs a task to its end on an io_context of its own.
template <class T>
T run_task(Task<T> task) {
  boost::asio::io_context io(1);
  std::optional<T> out;
  boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
    if (error) std::rethrow_exception(error);
    out.emplace(std::move(value));
  });
  io.run();
  REQUIRE(out);
  return std::move(*out);
}

// Reproducible bytes: `text` compresses well, others don't.
enum class Texture { text, noise };
inline std::string sample(std::size_t octets, Texture texture, std::uint64_t seed = 1) {
  std::string out;
  out.reserve(octets + 64);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL + octets;
  while (out.size() < octets) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    if (texture == Texture::text) {
      out += "Subject: report number " + std::to_string(state % 1000) + "\r\n";
    } else {
      out.append(reinterpret_cast<const char*>(&state), sizeof state);
    }
  }
  out.resize(octets);
  return out;
}

struct BlobConformance {
  BlobStore& store;
  TenantScope hanako;
  TenantScope taro;
  TenantScope nobody;  // a tenant that doesn't exist
  // Damages the stored form of a blob; or empty where the adapter can't.
  std::function<void(TenantScope, const BlobRef&)> corrupt;

  void run() {
    round_trips();
    same_content_is_one_blob();
    tenants_are_apart();
    ranges();
    many_at_once();
    begin_then_wait();
    concurrent_puts();
    if (corrupt) damage_is_found();
  }

 private:
  BlobRef put(TenantScope scope, const std::string& bytes) {
    const Result<BlobRef> ref = run_task(store.put(scope, bytes));
    REQUIRE_MESSAGE(ref.has_value(), (ref ? "" : ref.error().text()));
    return *ref;
  }
  Result<std::string> get(TenantScope scope, const BlobRef& ref) {
    return run_task(store.get(scope, ref));
  }
  Code get_error(TenantScope scope, const BlobRef& ref) {
    const Result<std::string> got = get(scope, ref);
    REQUIRE_FALSE(got.has_value());
    return got.error().code;
  }

  void round_trips() {
    for (const std::size_t octets : {0UL, 1UL, 199UL, 200UL, 201UL, 4096UL, 65'535UL, 65'536UL,
                                     300'000UL, 1'048'577UL, 10'000'000UL}) {
      for (const Texture texture : {Texture::text, Texture::noise}) {
        CAPTURE(octets);
        const std::string bytes = sample(octets, texture);
        const BlobRef ref = put(hanako, bytes);
        CHECK(ref.octets == octets);
        const auto decoded = BlobRef::decode(ref.encode());
        REQUIRE(decoded);
        const Result<std::string> got = get(hanako, *decoded);
        REQUIRE(got.has_value());
        CHECK((*got == bytes));  // in brackets: a failure must not print megabytes
      }
    }
  }

  void same_content_is_one_blob() {
    const BlobRef first = put(hanako, "the same content");
    const BlobRef again = put(hanako, "the same content");
    CHECK(first == again);
    CHECK(put(hanako, "other content").hash != first.hash);
  }

  void tenants_are_apart() {
    const BlobRef hers = put(hanako, "a shared secret");
    const BlobRef his = put(taro, "a shared secret");
    CHECK(hers.hash != his.hash);
    CHECK(get_error(taro, hers) == Code::not_found);
    CHECK(get_error(hanako, his) == Code::not_found);
    CHECK(get_error(nobody, hers) == Code::not_found);
    BlobRef mixed = hers;
    mixed.locator = his.locator;
    if (mixed.locator != hers.locator) CHECK(get_error(hanako, mixed) == Code::not_found);
    BlobRef unknown = hers;
    unknown.hash[0] ^= 1U;
    CHECK(get_error(hanako, unknown) == Code::not_found);
    const Result<BlobRef> refused = run_task(store.put(nobody, "x"));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Code::not_found);
  }

  void ranges() {
    const std::string bytes = sample(100'000, Texture::text, 7);
    const BlobRef ref = put(hanako, bytes);
    struct Row {
      BlobRange range;
      std::string expected;
    };
    const Row rows[] = {
        {{0, 0}, ""},
        {{0, 10}, bytes.substr(0, 10)},
        {{50'000, 1000}, bytes.substr(50'000, 1000)},
        {{99'990, 1000}, bytes.substr(99'990)},
        {{100'000, 1}, ""},
        {{1ULL << 63U, ~0ULL}, ""},
        {{10, ~0ULL}, bytes.substr(10)},
    };
    for (const Row& row : rows) {
      CAPTURE(row.range.offset);
      const Result<std::string> got = run_task(store.get_range(hanako, ref, row.range));
      REQUIRE(got.has_value());
      CHECK((*got == row.expected));
    }
    const std::string large = sample(5 * (1U << 19U) + 7, Texture::text, 8);  // 2.5 MiB and a bit
    const BlobRef big = put(hanako, large);
    for (const std::uint64_t offset :
         {0ULL, 1ULL, 1048575ULL, 1048576ULL, 2097152ULL, 2621440ULL}) {
      for (const std::uint64_t octets : {0ULL, 1ULL, 2ULL, 1048576ULL, 1500000ULL, ~0ULL}) {
        CAPTURE(offset);
        CAPTURE(octets);
        const Result<std::string> got =
            run_task(store.get_range(hanako, big, BlobRange{offset, octets}));
        REQUIRE(got.has_value());
        CHECK((*got == large.substr(offset, octets)));
      }
    }
    const Result<std::string> theirs = run_task(store.get_range(taro, big, BlobRange{0, 1}));
    REQUIRE_FALSE(theirs.has_value());
    CHECK(theirs.error().code == Code::not_found);
    const Result<std::string> foreign = run_task(store.get_range(taro, ref, BlobRange{0, 1}));
    REQUIRE_FALSE(foreign.has_value());
    CHECK(foreign.error().code == Code::not_found);
  }

  void many_at_once() {
    std::vector<BlobRef> refs;
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < 40; ++i) {
      texts.push_back(sample(i * 97, Texture::text, 700 + i));
      refs.push_back(run_task(store.put(hanako, texts.back())).value());
    }
    BlobRef none = refs[3];
    none.hash[0] ^= 1U;
    refs[3] = none;
    std::size_t at = 0;
    auto visit = [&](Result<std::string> bytes) {
      if (at == 3) {
        CHECK(!bytes);
      } else {
        REQUIRE(bytes);
        CHECK(*bytes == texts[at]);
      }
      ++at;
    };
    CHECK(run_task(store.get_each(hanako, refs, visit)));
    CHECK(at == refs.size());
    auto refuse = [&](const Result<std::string>& bytes) { CHECK(!bytes); };
    CHECK(run_task(store.get_each(taro, refs, refuse)));
    CHECK(run_task(store.get_each(hanako, {}, refuse)));
  }

  void begin_then_wait() {
    std::string bytes = sample(5000, Texture::noise, 9);
    const std::string kept = bytes;
    Result<PendingBlob> pending = run_task(store.begin(hanako, bytes));
    REQUIRE(pending.has_value());
    std::ranges::fill(bytes, 'x');  // the caller's bytes aren't needed any more
    Status durable;
    std::thread other([&] { durable = pending->wait_durable(); });
    other.join();
    CHECK(durable.has_value());
    CHECK((get(hanako, pending->ref).value() == kept));
  }

  void concurrent_puts() {
    constexpr std::size_t kThreads = 4;
    constexpr std::size_t kEach = 25;
    std::vector<std::vector<BlobRef>> refs(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        boost::asio::io_context io(1);
        refs[t].resize(kEach);
        for (std::size_t i = 0; i < kEach; ++i)
          boost::asio::co_spawn(io, put_one(t * kEach + i, refs[t][i]), [](std::exception_ptr) {});
        io.run();
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    for (std::size_t t = 0; t < kThreads; ++t) {
      for (std::size_t i = 0; i < kEach; ++i) {
        const auto got = get(hanako, refs[t][i]);
        REQUIRE(got.has_value());
        CHECK((*got == sample(1000 + i, Texture::noise, 100 + t * kEach + i)));
      }
    }
  }
  Task<void> put_one(std::size_t number, BlobRef& out) {
    const std::string bytes = sample(1000 + number % 25, Texture::noise, 100 + number);
    const Result<BlobRef> ref = co_await store.put(hanako, bytes);
    if (ref) out = *ref;
  }

  void damage_is_found() {
    for (const std::size_t octets : {10UL, 5000UL, 500'000UL}) {
      CAPTURE(octets);
      const BlobRef ref = put(hanako, sample(octets, Texture::noise, 77));
      corrupt(hanako, ref);
      CHECK(get_error(hanako, ref) == Code::corrupt);
    }
  }
};

}  // namespace fumi::store
