// PushSender: tells push subscriptions of changes (RFC 8620 §7.2), by POST to the clients' URLs.
//
// Each account with subscriptions has a task that waits for the account's changes on the bus. A
// subscription gets its PushVerification first and nothing else until its client has sent the code
// back; then a StateChange for what it asked for, at most one in push_interval: changes in between
// become one. A failure is tried again later and later; 404 and 410 end a subscription, as do its
// expiry, a changed credential and a closed account. What was told is kept
// (domain/ports/push_store.h), so that a restart loses no change and several nodes tell one once.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/jmap/options.h"
#include "codec/json.h"
#include "domain/change_bus.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "server/http/poster.h"

namespace fumi::jmap {

// The document of ObjectKind::push_subscription.
struct PushSubscription {
  ObjectId id;
  std::string device;
  std::string url;
  std::string p256dh, auth;  // decoded; empty: not encrypted
  Instant expires;
  std::optional<std::vector<std::string>> types;  // none: all
  std::string code;                               // what the client has to send back
  enum class State : std::uint8_t { unverified, verified } state = State::unverified;
  std::uint32_t credential = 0;  // Account::credential_version when it was made
};
// Its types as JSON: names, or null for all.
[[nodiscard]] codec::Json types_json(const PushSubscription& subscription);
[[nodiscard]] std::string write_subscription(const PushSubscription& subscription);
[[nodiscard]] Result<PushSubscription> read_subscription(const StoredObject& stored);  // corrupt

class PushSender {
 public:
  PushSender(Platform& platform, Store& store, ChangeBus& bus, Runtime& runtime,
             http::Poster& poster, const Clock& clock, JmapOptions options);
  ~PushSender();

  // Watches all accounts that have subscriptions, and looks for more of them now and then.
  void start();
  // A subscription of the account was made or changed. Any thread.
  void watch(TenantId tenant, AccountId account);
  // Whether the account may make one more subscription now: each is a request to a stranger. Any
  // thread.
  [[nodiscard]] bool may_create(AccountId account);

  // For metrics.
  [[nodiscard]] std::uint64_t sent() const { return sent_.load(); }
  [[nodiscard]] std::uint64_t failed() const { return failed_.load(); }

 private:
  struct Attempt;
  struct Signal;
  struct Watched;
  struct Look;
  Task<void> run();
  Task<void> serve(std::shared_ptr<Watched> watched);
  Task<std::optional<Duration>> round(Watched& watched);
  Task<Result<Look>> look(const Watched& watched);
  Task<void> tell(Watched& watched, const Look& look, const PushSubscription& subscription);
  Task<void> verify(Watched& watched, const PushSubscription& subscription);
  Task<Status> remove(const Watched& watched, std::vector<ObjectId> ids);
  Task<bool> post(Watched& watched, const PushSubscription& subscription, codec::Json message);

  Platform& platform_;
  Store& store_;
  ChangeBus& bus_;
  Runtime& runtime_;
  http::Poster& poster_;
  const Clock& clock_;
  const JmapOptions options_;
  std::mutex mutex_;
  std::map<AccountId, std::shared_ptr<Watched>> watched_;           // shared with their tasks
  std::map<AccountId, std::pair<Instant, std::uint32_t>> created_;  // since when, how many
  std::atomic<std::uint32_t> posting_{0};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> failed_{0};
};

}  // namespace fumi::jmap
