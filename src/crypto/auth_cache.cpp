#include "crypto/auth_cache.h"

#include <list>
#include <mutex>
#include <unordered_map>

#include "crypto/hash.h"
#include "crypto/random.h"

namespace fumi::crypto {

struct AuthenticationCache::State {
  struct Entry {
    std::string subject;
    Digest256 proof;
    Instant until;
  };

  const Clock& clock;
  AuthenticationCacheOptions options;
  const Secret key{random_bytes(32)};

  std::mutex mutex{};
  std::list<Entry> recent{};  // the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_subject{};  // views of recent

  [[nodiscard]] Digest256 proof(std::string_view subject, std::uint64_t version,
                                std::string_view password) const {
    std::uint64_t numbers[2] = {subject.size(), version};
    const std::string_view head(reinterpret_cast<const char*>(numbers), sizeof numbers);
    return hmac_sha256(key.reveal(), {head, subject, password});
  }

  void drop(std::list<Entry>::iterator entry) {
    by_subject.erase(entry->subject);
    recent.erase(entry);
  }
};

AuthenticationCache::AuthenticationCache(const Clock& clock, AuthenticationCacheOptions options)
    : state_(std::make_unique<State>(clock, options)) {}

AuthenticationCache::~AuthenticationCache() = default;

void AuthenticationCache::remember(std::string_view subject, std::uint64_t credential_version,
                                   const Secret& password) {
  if (state_->options.entries_max == 0) return;
  const Digest256 proof = state_->proof(subject, credential_version, password.reveal());
  const Instant until = state_->clock.now() + state_->options.age_max;
  const std::lock_guard lock(state_->mutex);
  if (const auto found = state_->by_subject.find(subject); found != state_->by_subject.end()) {
    state_->drop(found->second);
  }
  if (state_->recent.size() >= state_->options.entries_max) {
    state_->drop(std::prev(state_->recent.end()));
  }
  state_->recent.push_front({std::string(subject), proof, until});
  state_->by_subject.emplace(state_->recent.front().subject, state_->recent.begin());
}

bool AuthenticationCache::knows(std::string_view subject, std::uint64_t credential_version,
                                const Secret& password) {
  const Digest256 proof = state_->proof(subject, credential_version, password.reveal());
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->by_subject.find(subject);
  if (found == state_->by_subject.end()) return false;
  const auto entry = found->second;
  if (state_->clock.now() >= entry->until) {
    state_->drop(entry);
    return false;
  }
  if (!equal_constant_time(view(entry->proof), view(proof))) return false;
  state_->recent.splice(state_->recent.begin(), state_->recent, entry);
  return true;
}

void AuthenticationCache::forget(std::string_view subject) {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->by_subject.find(subject);
  if (found != state_->by_subject.end()) state_->drop(found->second);
}

}  // namespace fumi::crypto
