#include "crypto/random.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <cstring>

#include "base/assert.h"

namespace fumi::crypto {
namespace {

constexpr std::size_t kReadAheadOctets = 4096;

std::atomic<unsigned> g_fork_epoch{1};

struct ReadAhead {
  std::array<unsigned char, kReadAheadOctets> bytes;
  std::size_t used = kReadAheadOctets;
  unsigned epoch = 0;
  ~ReadAhead() { explicit_bzero(bytes.data(), bytes.size()); }
};

void watch_forks() {
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, [] { g_fork_epoch.fetch_add(1); });
}

}  // namespace

void random_fill(void* bytes, std::size_t count) {
  FUMI_ASSERT(count <= 1U << 20U);
  FUMI_ASSERT(RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(count)) == 1);
}

std::string random_bytes(std::size_t count) {
  std::string out(count, '\0');
  random_fill(out.data(), out.size());
  return out;
}

void random_fill_buffered(void* bytes, std::size_t count) {
  thread_local ReadAhead ahead;
  FUMI_ASSERT(count <= kReadAheadOctets);
  const unsigned epoch = g_fork_epoch.load(std::memory_order_relaxed);
  if (ahead.used + count > kReadAheadOctets || ahead.epoch != epoch) {
    watch_forks();
    random_fill(ahead.bytes.data(), ahead.bytes.size());
    ahead.used = 0;
    ahead.epoch = epoch;
  }
  std::memcpy(bytes, ahead.bytes.data() + ahead.used, count);
  explicit_bzero(ahead.bytes.data() + ahead.used, count);
  ahead.used += count;
}

}  // namespace fumi::crypto
