#include "service/access/live_sessions.h"

#include <algorithm>
#include <map>

namespace fumi::service {
namespace {

// A change is looked for this long after: another node's clock may lag, its commit may take time.
constexpr Duration kOverlap = std::chrono::seconds(60);
constexpr std::size_t kTogether = 500;  // sessions judged in one transaction

}  // namespace

std::string_view to_string(SessionEnd why) {
  switch (why) {
    case SessionEnd::none:
      break;
    case SessionEnd::not_now:
      return "Access from here ends now";
    case SessionEnd::disabled:
      return "The account is not active any more";
    case SessionEnd::credential_changed:
      return "The password was changed; log in again";
    case SessionEnd::revoked:
      return "An administrator ended this session";
  }
  return "";
}

struct LiveSessions::Entry {
  LiveSession session;
  End end;  // under State::mutex
  std::atomic<SessionEnd> why{SessionEnd::none};
  // As last judged; under State::mutex.
  std::uint64_t version = 0;
  Instant until;  // 0: never judged
};

struct LiveSessions::State {
  mutable std::mutex mutex;
  std::uint64_t last = 0;
  std::map<std::uint64_t, std::shared_ptr<Entry>> entries;    // by number, that is by age
  std::unordered_map<std::uint64_t, std::uint64_t> versions;  // by tenant: newest known

  void end(Entry& entry, SessionEnd why) {
    const std::scoped_lock lock(mutex);
    if (!entry.end) return;  // it has left, or was told
    entry.why = why;
    const End end = std::exchange(entry.end, nullptr);
    end();  // under the lock: leave() waits, so what it refers to is there
  }
};

LiveSessions::Ticket& LiveSessions::Ticket::operator=(Ticket&& other) noexcept {
  if (this == &other) return *this;
  leave();
  state_ = std::move(other.state_);
  entry_ = std::move(other.entry_);
  return *this;
}

void LiveSessions::Ticket::leave() {
  if (!entry_) return;
  const std::scoped_lock lock(state_->mutex);
  entry_->end = nullptr;
  state_->entries.erase(entry_->session.number);
  entry_.reset();
}

SessionEnd LiveSessions::Ticket::why() const {
  return entry_ ? entry_->why.load() : SessionEnd::none;
}

LiveSessions::LiveSessions(Platform& platform, const Clock& clock)
    : platform_(platform), clock_(clock), state_(std::make_shared<State>()) {}

LiveSessions::~LiveSessions() = default;

LiveSessions::Ticket LiveSessions::enter(Principal who, AccessDoor door, std::string from,
                                         End end) {
  Ticket ticket;
  ticket.state_ = state_;
  ticket.entry_ = std::make_shared<Entry>();
  Entry& entry = *ticket.entry_;
  entry.session.who = std::move(who);
  entry.session.door = door;
  entry.session.from = std::move(from);
  entry.session.since = clock_.now();
  entry.end = std::move(end);
  const std::scoped_lock lock(state_->mutex);
  entry.session.number = ++state_->last;
  state_->entries.emplace(entry.session.number, ticket.entry_);
  return ticket;
}

std::vector<LiveSession> LiveSessions::of_tenant(TenantId tenant, std::size_t limit) const {
  std::vector<LiveSession> out;
  const std::scoped_lock lock(state_->mutex);
  for (const auto& [number, entry] : state_->entries) {
    if (out.size() >= limit) break;
    if (entry->session.who.tenant == tenant) out.push_back(entry->session);
  }
  return out;
}

Status LiveSessions::revoke(TenantId tenant, std::uint64_t number) {
  std::shared_ptr<Entry> entry;
  {
    const std::scoped_lock lock(state_->mutex);
    const auto found = state_->entries.find(number);
    if (found != state_->entries.end() && found->second->session.who.tenant == tenant)
      entry = found->second;
  }
  if (!entry) return fail(Code::not_found, "ending a session", "there is no such session");
  state_->end(*entry, SessionEnd::revoked);
  return {};
}

Task<Status> LiveSessions::review() {
  const Instant now = clock_.now();
  const std::uint64_t since = IdGenerator::first_at(now - kOverlap);
  auto work = [since](PlatformTx& tx) { return tx.platform().access_changes(since); };
  auto changes = co_await platform_.read(std::move(work));
  if (!changes) co_return std::unexpected(std::move(changes).error());
  std::map<std::uint64_t, std::vector<std::shared_ptr<Entry>>> due;
  std::unordered_map<std::uint64_t, std::uint64_t> versions;
  {
    const std::scoped_lock lock(state_->mutex);
    for (const AccessChange& change : *changes)
      state_->versions[change.tenant.value()] = change.version;
    for (const auto& [number, entry] : state_->entries) {
      const std::uint64_t tenant = entry->session.who.tenant.value();
      const auto known = state_->versions.find(tenant);
      const std::uint64_t version = known == state_->versions.end() ? 0 : known->second;
      const bool fresh = entry->until == Instant();
      if (!entry->end || (!fresh && entry->until > now && entry->version == version)) continue;
      due[tenant].push_back(entry);
      versions[tenant] = version;
    }
  }
  for (auto& [tenant, entries] : due) {
    for (std::size_t at = 0; at < entries.size(); at += kTogether) {
      const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(kTogether, entries.size() - at);
      std::vector<std::shared_ptr<Entry>> some(begin, begin + static_cast<std::ptrdiff_t>(count));
      const Status judged = co_await judge(TenantId(tenant), std::move(some), versions[tenant]);
      if (!judged) co_return judged;
    }
  }
  co_return Status();
}

namespace {

// The account or API user behind a session, as it is now; nothing if it may not be logged in.
struct Behind {
  SessionEnd end = SessionEnd::disabled;
  DomainId domain;
};

Result<Behind> behind(Tx& tx, const Principal& who) {
  Behind out;
  if (who.kind == Principal::Kind::account) {
    FUMI_TRY(const auto account, tx.directory().account(who.account));
    if (!account || account->status != AccountStatus::active) return out;
    out.domain = account->domain;
    const bool same = account->credential_version == who.credential_version;
    out.end = same ? SessionEnd::none : SessionEnd::credential_changed;
    return out;
  }
  FUMI_TRY(const auto user, tx.directory().api_user_by_name(who.name));
  if (!user || user->id != who.api_user || user->status != AccountStatus::active) return out;
  const bool same = user->credential_version == who.credential_version;
  out.end = same ? SessionEnd::none : SessionEnd::credential_changed;
  FUMI_TRY(const auto domains, tx.directory().domains());
  for (const MailDomain& domain : domains)
    if (domain.name == who.name.domain) out.domain = domain.id;
  return out;
}

}  // namespace

Task<Status> LiveSessions::judge(TenantId tenant, std::vector<std::shared_ptr<Entry>> entries,
                                 std::uint64_t version) {
  struct Verdict {
    SessionEnd end = SessionEnd::none;
    Instant until;
  };
  std::vector<Verdict> verdicts;
  const Instant now = clock_.now();
  auto work = [&](PlatformTx& platform) -> Status {
    verdicts.clear();
    FUMI_TRY(const auto contract, platform.platform().tenant(tenant));
    const bool open = contract && contract->status == TenantStatus::active;
    Tx& tx = platform.in({tenant, {}});
    std::shared_ptr<const AccessRules> rules;
    if (open) {
      FUMI_TRY(rules, rules_.rules(tx));
    }
    for (const auto& entry : entries) {
      if (!open) {
        verdicts.push_back({SessionEnd::disabled, now});
        continue;
      }
      const LiveSession& session = entry->session;
      FUMI_TRY(const Behind who, behind(tx, session.who));
      AccessQuestion question;
      question.domain = who.domain;
      question.account = session.who.account;
      question.api_user = session.who.api_user;
      question.door = session.door;
      question.from = IpAddress::parse(session.from);
      question.at = now;
      const AccessVerdict verdict = rules->judge(question);
      const bool denied = verdict.effect == AccessRule::Effect::deny;
      const SessionEnd end = who.end == SessionEnd::none && denied ? SessionEnd::not_now : who.end;
      verdicts.push_back({end, verdict.until});
    }
    return {};
  };
  const Status read = co_await platform_.read(std::move(work));
  if (!read) co_return read;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (verdicts[i].end != SessionEnd::none) {
      state_->end(*entries[i], verdicts[i].end);
      continue;
    }
    const std::scoped_lock lock(state_->mutex);
    entries[i]->version = version;
    entries[i]->until = verdicts[i].until;
  }
  co_return Status();
}

}  // namespace fumi::service
