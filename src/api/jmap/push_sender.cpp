#include "api/jmap/push_sender.h"

#include <algorithm>

#include "api/jmap/push.h"
#include "base/log.h"
#include "codec/base64.h"
#include "crypto/web_push.h"
#include "proto/jmap/request.h"

namespace fumi::jmap {
namespace {

constexpr Duration kRescan = std::chrono::minutes(5);
constexpr Duration kBackoffMin = std::chrono::seconds(10);
constexpr Duration kBackoffMax = std::chrono::hours(1);
constexpr Duration kRetryAfterMax = std::chrono::hours(24);
constexpr Duration kBusy = std::chrono::seconds(1);
constexpr Duration kStoreAway = std::chrono::seconds(10);
constexpr std::uint32_t kPostsMax = 64;     // at the same time, of all accounts
constexpr std::uint32_t kFailuresMax = 16;  // of a verification
constexpr std::uint32_t kOwnersAtATime = 500;
constexpr std::size_t kCountedMax = 10'000;
constexpr Duration kCreateWindow = std::chrono::hours(1);
constexpr std::uint32_t kCreatesMax = 30;  // an account and window

Duration backoff(std::uint32_t failures) {
  const std::uint32_t doublings = std::min(failures, 12U);
  return std::min<Duration>(kBackoffMin * (std::int64_t{1} << doublings), kBackoffMax);
}

std::string text_of(const codec::Json& json, const char* name) {
  return std::string(json.text(name));
}

}  // namespace

Json types_json(const PushSubscription& subscription) {
  if (!subscription.types) return {};
  JsonArray names;
  for (const std::string& name : *subscription.types)
    names.emplace_back(name);
  return names;
}

std::string write_subscription(const PushSubscription& subscription) {
  const Json out = JsonObject{{"deviceClientId", subscription.device},
                              {"url", subscription.url},
                              {"p256dh", codec::base64url_encode(subscription.p256dh)},
                              {"auth", codec::base64url_encode(subscription.auth)},
                              {"expires", to_micros(subscription.expires)},
                              {"types", types_json(subscription)},
                              {"code", subscription.code},
                              {"verified", subscription.state == PushSubscription::State::verified},
                              {"credential", std::int64_t(subscription.credential)}};
  return codec::write_json(out);
}

Result<PushSubscription> read_subscription(const StoredObject& stored) {
  const auto json = codec::parse_json(stored.body);
  const auto corrupt = [] { return fail(Code::corrupt, "reading a push subscription"); };
  if (!json || json->object() == nullptr) return corrupt();
  PushSubscription out;
  out.id = stored.id;
  out.device = text_of(*json, "deviceClientId");
  out.url = text_of(*json, "url");
  const auto p256dh = codec::base64url_decode(json->text("p256dh"));
  const auto auth = codec::base64url_decode(json->text("auth"));
  if (!p256dh || !auth || out.url.empty()) return corrupt();
  out.p256dh = *p256dh;
  out.auth = *auth;
  out.expires = from_micros(json->number("expires"));
  if (const Json* types = json->find("types"); types != nullptr && types->array() != nullptr) {
    out.types.emplace();
    for (const Json& name : *types->array())
      if (name.string() != nullptr) out.types->push_back(*name.string());
  }
  out.code = text_of(*json, "code");
  const Json* verified = json->find("verified");
  const bool good = verified != nullptr && verified->boolean() != nullptr && *verified->boolean();
  if (good) out.state = PushSubscription::State::verified;
  out.credential = std::uint32_t(json->number("credential"));
  return out;
}

// What is under way for one subscription; on its account's task alone.
struct PushSender::Attempt {
  Touched pending{Touched::What::yes, Touched::What::yes};  // until it has been told once
  std::uint32_t failures = 0;
  Instant next;
  bool asked = false;  // its verification has been sent
  bool gone = false;   // the push service doesn't know it any more
};

// What the bus's listener touches; it owns a share, as it may run while the task ends.
struct PushSender::Signal {
  std::unique_ptr<Wakeup> wakeup;
  std::atomic<bool> mail{false};
  std::atomic<bool> objects{false};
};

struct PushSender::Watched {
  TenantId tenant;
  AccountId account;
  std::shared_ptr<Signal> signal = std::make_shared<Signal>();  // shared with the listener
  bool looked_for = true;  // watch() was called since the last round; under the sender's mutex
  std::map<ObjectId, Attempt> attempts;
  ChangeBus::Subscription subscription;
};

struct PushSender::Look {
  ModSeq state;
  std::vector<PushSubscription> subscriptions;
  std::vector<ObjectId> ended;
};

PushSender::PushSender(Platform& platform, Store& store, ChangeBus& bus, Runtime& runtime,
                       http::Poster& poster, const Clock& clock, JmapOptions options)
    : platform_(platform),
      store_(store),
      bus_(bus),
      runtime_(runtime),
      poster_(poster),
      clock_(clock),
      options_(std::move(options)) {}

PushSender::~PushSender() = default;

void PushSender::start() { runtime_.spawn("push", run()); }

// Finds the subscriptions that other nodes made, and after a start all.
Task<void> PushSender::run() {
  for (;;) {
    PushOwner after{};
    for (bool more = true; more;) {
      auto list = [&](PlatformTx& tx) { return tx.platform().push_owners(after, kOwnersAtATime); };
      Result<std::vector<PushOwner>> owners = co_await platform_.read(std::move(list));
      if (!owners) {
        log::warning("push", "subscriptions not read", {{"why", owners.error().text()}});
        break;
      }
      for (const PushOwner& owner : *owners) {
        after = owner;
        watch(owner.tenant, owner.account);
      }
      more = owners->size() == kOwnersAtATime;
    }
    const Status slept = co_await runtime_.sleep_for(kRescan);
    if (!slept) co_return;
  }
}

void PushSender::watch(TenantId tenant, AccountId account) {
  std::shared_ptr<Watched> fresh;
  {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<Watched>& known = watched_[account];
    if (known) {
      known->looked_for = true;
      known->signal->wakeup->notify();
      return;
    }
    known = std::make_shared<Watched>();
    known->tenant = tenant;
    known->account = account;
    known->signal->wakeup = runtime_.make_wakeup();
    known->signal->wakeup->notify();
    fresh = known;
  }
  fresh->subscription = bus_.subscribe(account, [signal = fresh->signal](const Change& change) {
    if (change.mailbox || !change.tenant) signal->mail = true;  // without a tenant: anything
    if (!change.mailbox) signal->objects = true;
    signal->wakeup->notify();
  });
  runtime_.spawn("push", serve(fresh));
}

bool PushSender::may_create(AccountId account) {
  const Instant now = clock_.now();
  const std::scoped_lock lock(mutex_);
  if (created_.size() >= kCountedMax) {
    std::erase_if(created_,
                  [&](const auto& each) { return each.second.first + kCreateWindow < now; });
    if (created_.size() >= kCountedMax && !created_.contains(account)) return false;
  }
  auto& [since, count] = created_[account];
  if (since + kCreateWindow < now) {
    since = now;
    count = 0;
  }
  return ++count <= kCreatesMax;
}

Task<void> PushSender::serve(std::shared_ptr<Watched> watched) {
  Duration wait = kRescan;
  for (;;) {
    const Status woken = co_await watched->signal->wakeup->wait_for(wait);
    if (!woken && woken.error().code == Code::cancelled) co_return;
    {
      const std::scoped_lock lock(mutex_);
      watched->looked_for = false;
    }
    const std::optional<Duration> next = co_await round(*watched);
    wait = next.value_or(kRescan);
    if (next) continue;
    const std::scoped_lock lock(mutex_);
    if (watched->looked_for) continue;
    watched_.erase(watched->account);
    co_return;
  }
}

// Everything that is due; how long until the next is. nullopt: there is no subscription left.
Task<std::optional<Duration>> PushSender::round(Watched& watched) {
  Touched touched;
  if (watched.signal->mail.exchange(false)) touched.mail = Touched::What::yes;
  if (watched.signal->objects.exchange(false)) touched.objects = Touched::What::yes;
  Result<Look> looked = co_await look(watched);
  if (!looked) {
    for (auto& [id, attempt] : watched.attempts)
      attempt.pending.add(touched);
    co_return kStoreAway;
  }
  for (auto& [id, attempt] : watched.attempts)
    attempt.pending.add(touched);
  std::erase_if(watched.attempts, [&](const auto& each) {
    return std::ranges::none_of(looked->subscriptions,
                                [&](const auto& s) { return s.id == each.first; });
  });
  for (const PushSubscription& each : looked->subscriptions) {
    Attempt& attempt = watched.attempts[each.id];
    if (attempt.next > clock_.now()) continue;
    if (each.state == PushSubscription::State::unverified)
      co_await verify(watched, each);
    else
      co_await tell(watched, *looked, each);
    if (attempt.gone) looked->ended.push_back(each.id);
  }
  if (!looked->ended.empty()) {
    const Status removed = co_await remove(watched, looked->ended);
    if (!removed) co_return kStoreAway;
    for (const ObjectId id : looked->ended)
      watched.attempts.erase(id);
  }
  if (watched.attempts.empty()) co_return std::nullopt;
  const Instant now = clock_.now();
  Duration wait = kRescan;
  for (const PushSubscription& each : looked->subscriptions) {
    const auto found = watched.attempts.find(each.id);
    if (found == watched.attempts.end()) continue;
    const Attempt& attempt = found->second;
    const bool waits =
        each.state == PushSubscription::State::verified ? attempt.pending.any() : !attempt.asked;
    if (waits) wait = std::min(wait, attempt.next - now);
    wait = std::min(wait, each.expires - now);
  }
  co_return std::max<Duration>(wait, Duration(1));
}

Task<Result<PushSender::Look>> PushSender::look(const Watched& watched) {
  const Instant now = clock_.now();
  auto work = [&](Tx& tx) -> Result<Look> {
    Look found;
    FUMI_TRY(const auto account, tx.directory().account(watched.account));
    FUMI_TRY(const auto stored, tx.objects().list(watched.account, ObjectKind::push_subscription));
    const bool open = account && account->status == AccountStatus::active;
    if (account) found.state = account->change;
    for (const StoredObject& each : stored) {
      auto subscription = read_subscription(each);
      const bool good = open && subscription && subscription->expires > now &&
                        subscription->credential == account->credential_version;
      if (good)
        found.subscriptions.push_back(std::move(*subscription));
      else
        found.ended.push_back(each.id);
    }
    if (!account) found.ended.clear();  // they go with the account
    return found;
  };
  const TenantScope scope{watched.tenant, {}};
  Result<Look> found = co_await store_.read(scope, std::move(work));
  if (!found && found.error().code != Code::cancelled)
    log::warning("push", "subscriptions not read", {{"why", found.error().text()}});
  co_return found;
}

Task<Status> PushSender::remove(const Watched& watched, std::vector<ObjectId> ids) {
  auto work = [&](Tx& tx) -> Status {
    for (const ObjectId id : ids) {
      const Status removed =
          tx.objects().remove(watched.account, ObjectKind::push_subscription, id);
      if (!removed && removed.error().code != Code::not_found) return removed;
      FUMI_CHECK(tx.push().forget(watched.account, id));
    }
    return {};
  };
  const TenantScope scope{watched.tenant, {}};
  co_return co_await store_.write(scope, std::move(work));
}

// RFC 8620 §7.2.2: until the client proves by the code that the URL is its own, nothing more is
// sent.
Task<void> PushSender::verify(Watched& watched, const PushSubscription& subscription) {
  Attempt& attempt = watched.attempts[subscription.id];
  attempt.pending = {};
  if (attempt.asked) co_return;
  Json message = JsonObject{{"@type", "PushVerification"},
                            {"pushSubscriptionId", subscription.id.text()},
                            {"verificationCode", subscription.code}};
  attempt.asked = co_await post(watched, subscription, std::move(message));
  if (attempt.failures >= kFailuresMax) attempt.gone = true;
}

Task<void> PushSender::tell(Watched& watched, const Look& look,
                            const PushSubscription& subscription) {
  Attempt& attempt = watched.attempts[subscription.id];
  const Touched telling = attempt.pending;
  Json message = state_change(watched.account, look.state.text(), telling, subscription.types);
  if (message.is_null()) {
    attempt.pending = {};
    co_return;
  }
  const TenantScope scope{watched.tenant, {}};
  auto claim = [&](Tx& tx) {
    return tx.push().claim(watched.account, subscription.id, look.state);
  };
  Result<std::optional<ModSeq>> before = co_await store_.write(scope, std::move(claim));
  if (!before) {
    attempt.next = clock_.now() + kStoreAway;
    co_return;
  }
  attempt.pending = {};
  if (!*before) co_return;  // it knows already
  const bool told = co_await post(watched, subscription, std::move(message));
  if (told) {
    attempt.next = clock_.now() + options_.push_interval;
    co_return;
  }
  attempt.pending.add(telling);
  auto release = [&](Tx& tx) {
    return tx.push().release(watched.account, subscription.id, look.state, **before);
  };
  const Status released = co_await store_.write(scope, std::move(release));
  if (!released) log::warning("push", "claim not released", {{"why", released.error().text()}});
}

// False: not taken; when to try again, or that it has gone, stands in the attempt.
Task<bool> PushSender::post(Watched& watched, const PushSubscription& subscription,
                            codec::Json message) {
  Attempt& attempt = watched.attempts[subscription.id];
  if (posting_.load() >= kPostsMax) {
    attempt.next = clock_.now() + kBusy;
    co_return false;
  }
  http::PostRequest request;
  request.url = subscription.url;
  request.body = codec::write_json(message);
  request.headers = {{"Content-Type", "application/json"}, {"TTL", "86400"}};  // RFC 8030 §5.2
  if (!subscription.p256dh.empty()) {
    Result<std::string> sealed =
        crypto::seal_web_push({subscription.p256dh, subscription.auth}, request.body);
    if (!sealed) {
      attempt.gone = true;
      co_return false;
    }
    request.body = std::move(*sealed);
    request.headers.emplace_back("Content-Encoding", "aes128gcm");
  }
  ++posting_;
  Result<http::PostAnswer> answer = co_await poster_.post(std::move(request));
  --posting_;
  const int status = answer ? answer->status : 0;
  if (status >= 200 && status < 300) {
    attempt.failures = 0;
    ++sent_;
    co_return true;
  }
  ++failed_;
  attempt.gone = status == 404 || status == 410;
  Duration wait = backoff(attempt.failures++);
  if (answer && answer->retry_after)
    wait = std::clamp<Duration>(*answer->retry_after, wait, std::max(wait, kRetryAfterMax));
  attempt.next = clock_.now() + wait;
  log::debug("push", "not taken",
             {{"account", watched.account.text()},
              {"status", status},
              {"why", answer ? std::string() : answer.error().text()}});
  co_return false;
}

}  // namespace fumi::jmap
