#include "api/jmap/push.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/ascii.h"

namespace fumi::jmap {
namespace {

constexpr Duration kPingMin = std::chrono::seconds(5);
constexpr Duration kPingMax = std::chrono::minutes(15);
// A comment now and then finds out that the client has gone (WHATWG HTML §9.2.7 asks for it too).
constexpr Duration kQuiet = std::chrono::minutes(2);

constexpr std::array kMailTypes{"Email", "Mailbox", "Thread", "EmailDelivery", "Quota"};
constexpr std::array kAccountTypes{"Mailbox",          "Identity",    "EmailSubmission",
                                   "VacationResponse", "AddressBook", "ContactCard"};

class EventSource final : public http::BodySource {
 public:
  EventSource(JmapHost& host, Caller caller, std::unique_ptr<PushHub::Connection> connection,
              PushOptions options)
      : host_(host),
        caller_(std::move(caller)),
        connection_(std::move(connection)),
        options_(std::move(options)) {}

  Task<Result<std::string>> next() override {
    if (!greeted_) {
      greeted_ = true;
      // Proxies and browsers show the header once something of the body comes.
      co_return std::string(": Fumi\n\n");
    }
    if (done_) co_return std::string();
    PushSignal& signal = connection_->signal();
    for (;;) {
      const bool pings = options_.ping != Duration::zero();
      const Duration most = pings ? options_.ping : kQuiet;
      const Status waited = co_await signal.event.wait_for(most);
      if (signal.closing || (!waited && waited.error().code == Code::cancelled))
        co_return std::string();
      if (!waited) co_return ping();
      Result<Json> change = co_await take_state_change(host_, caller_, signal, options_);
      if (!change) co_return std::unexpected(std::move(change).error());
      if (change->is_null()) continue;
      done_ = options_.close_after == PushOptions::CloseAfter::state;
      co_return "event: state\ndata: " + codec::write_json(*change) + "\n\n";
    }
  }

 private:
  [[nodiscard]] std::string ping() const {
    if (options_.ping == Duration::zero()) return ":\n\n";
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.ping).count();
    return "event: ping\ndata: {\"interval\":" + std::to_string(seconds) + "}\n\n";
  }

  JmapHost& host_;
  Caller caller_;
  std::unique_ptr<PushHub::Connection> connection_;
  PushOptions options_;
  bool greeted_ = false;
  bool done_ = false;
};

}  // namespace

void PushSignal::add_other(const Change& change, AccountId account) {
  {
    const std::scoped_lock lock(mutex_);
    std::set<MailboxId>& mailboxes = others_[account];
    if (mailboxes.size() >= kMailboxesMax) mailboxes = {MailboxId()};
    mailboxes.insert(change.is_gap() ? MailboxId() : change.mailbox);
  }
  event.set();
}

PushSignal::Others PushSignal::take_others() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(others_, {});
}

PushHub::Connection::Connection(PushHub& hub, AccountId account,
                                const std::vector<AccountId>& others)
    : hub_(hub), account_(account), signal_(std::make_shared<PushSignal>()) {
  // The listeners own a share: they may run while this dies.
  subscriptions_.push_back(
      hub_.host_.bus.subscribe(account_, [signal = signal_](const Change& change) {
        (change.mailbox ? signal->mail : signal->account) = true;
        signal->event.set();
      }));
  for (const AccountId other : others) {
    auto listen = [signal = signal_, other](const Change& change) {
      signal->add_other(change, other);
    };
    subscriptions_.push_back(hub_.host_.bus.subscribe(other, std::move(listen)));
  }
  const std::scoped_lock lock(hub_.mutex_);
  hub_.signals_.insert(signal_);
}

PushHub::Connection::~Connection() {
  const std::scoped_lock lock(hub_.mutex_);
  hub_.signals_.erase(signal_);
  const auto found = hub_.open_.find(account_);
  if (--found->second == 0) hub_.open_.erase(found);
}

std::unique_ptr<PushHub::Connection> PushHub::open(AccountId account,
                                                   const std::vector<AccountId>& others) {
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return nullptr;
    std::uint32_t& count = open_[account];
    if (count >= host_.options.push_per_account_max) return nullptr;
    ++count;
  }
  return std::make_unique<Connection>(*this, account, others);
}

void PushHub::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  for (const auto& signal : signals_) {
    signal->closing = true;
    signal->event.set();
  }
}

std::optional<PushOptions> push_options(const http::Request& request) {
  PushOptions options;
  const std::string types(request.parameter("types").value_or("*"));
  if (types != "*") {
    options.types.emplace();
    for (const std::string_view type : ascii::split(types, ','))
      options.types->emplace(type);
  }
  const std::string_view close = request.parameter("closeafter").value_or("no");
  if (close != "no" && close != "state") return std::nullopt;
  if (close == "state") options.close_after = PushOptions::CloseAfter::state;
  const std::string_view ping = request.parameter("ping").value_or("0");
  std::uint32_t seconds = 0;
  const auto [end, bad] = std::from_chars(ping.data(), ping.data() + ping.size(), seconds);
  if (bad != std::errc() || end != ping.data() + ping.size()) return std::nullopt;
  if (seconds != 0) {
    const Duration asked = std::chrono::seconds(std::min(seconds, 86'400U));
    options.ping = std::clamp(asked, kPingMin, kPingMax);
  }
  return options;
}

namespace {

// The state of another's account, if the reader sees any of what has changed there.
Result<std::optional<std::string>> state_of_other(Tx& tx, AccountId reader, AccountId account,
                                                  const std::set<MailboxId>& changed) {
  const auto view = View::load(tx, reader, account);
  if (!view && view.error().code == Code::not_found) return std::nullopt;
  if (!view) return std::unexpected(view.error());
  const bool visible = std::ranges::any_of(
      changed, [&](MailboxId mailbox) { return !mailbox || view->rights(mailbox).bits != 0; });
  if (!visible) return std::nullopt;
  FUMI_TRY(const ModSeq state, tx.emails().state(account));
  return state.text() + "-" + view->mark();
}

struct States {
  ModSeq own;
  std::map<AccountId, std::string> others;
};

void add_others(Json& change, const States& states,
                const std::optional<std::vector<std::string>>& types) {
  Touched mail;
  mail.mail = Touched::What::yes;
  for (const auto& [account, state] : states.others) {
    const Json other = state_change(account, state, mail, types);
    if (other.is_null()) continue;
    if (change.is_null()) {
      change = other;
      continue;
    }
    Json changed = *change.find("changed");
    changed.set(account.text(), *other.find("changed")->find(account.text()));
    change.set("changed", std::move(changed));
  }
}

}  // namespace

Task<Result<Json>> take_state_change(JmapHost& host, Caller caller, PushSignal& signal,
                                     const PushOptions& options) {
  const bool mail = signal.mail.exchange(false);
  const bool account = signal.account.exchange(false);
  const PushSignal::Others others = signal.take_others();
  const AccountId id = caller.principal.account;
  // A connection outlives its login, but not the account's being open.
  auto work = [&](Tx& tx) -> Result<States> {
    FUMI_TRY(const auto there, tx.directory().account(id));
    if (!there || there->status != AccountStatus::active)
      return fail(Code::denied, "telling of changes", "the account is closed");
    States states{there->change, {}};
    for (const auto& [other, mailboxes] : others) {
      FUMI_TRY(const auto state, state_of_other(tx, id, other, mailboxes));
      if (state) states.others[other] = *state;
    }
    return states;
  };
  const TenantScope scope = caller.principal.scope();
  Result<States> states = co_await host.store.read(scope, std::move(work));
  if (!states) co_return std::unexpected(std::move(states).error());
  Touched touched;
  if (mail) touched.mail = Touched::What::yes;
  if (account) touched.objects = Touched::What::yes;
  std::optional<std::vector<std::string>> types;
  if (options.types) types.emplace(options.types->begin(), options.types->end());
  Json change = state_change(id, states->own.text(), touched, types);
  add_others(change, *states, types);
  co_return change;
}

Json state_change(AccountId account, const std::string& state, const Touched& touched,
                  const std::optional<std::vector<std::string>>& types) {
  Json states = JsonObject{};
  const auto add = [&](const char* type) {
    const bool wanted = !types || std::ranges::find(*types, type) != types->end();
    if (wanted) states.set(type, state);
  };
  if (touched.mail == Touched::What::yes) std::ranges::for_each(kMailTypes, add);
  if (touched.objects == Touched::What::yes) std::ranges::for_each(kAccountTypes, add);
  if (states.object()->empty()) return {};
  Json changed = JsonObject{};
  changed.set(account.text(), std::move(states));
  Json out = JsonObject{};
  out.set("@type", "StateChange");
  out.set("changed", std::move(changed));
  return out;
}

std::unique_ptr<http::BodySource> event_source(JmapHost& host, Caller caller,
                                               std::unique_ptr<PushHub::Connection> connection,
                                               PushOptions options) {
  return std::make_unique<EventSource>(host, std::move(caller), std::move(connection),
                                       std::move(options));
}

}  // namespace fumi::jmap
