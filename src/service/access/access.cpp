#include "service/access/access.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "base/ip.h"
#include "base/log.h"
#include "crypto/password.h"
#include "service/tenancy/credential.h"

namespace fumi::service {

// Failures of the current and the previous window, by name and by client address. When the table is
// full the window ends early: an attacker with many names can then shorten the memory, not grow it.
class Access::Failures {
 public:
  explicit Failures(AccessOptions options) : options_(options) {}

  bool over(const std::string& key, Instant now) {
    const std::scoped_lock lock(mutex_);
    roll(now);
    return count(current_, key) + count(previous_, key) >= options_.failures_max;
  }
  void add(const std::string& key, Instant now) {
    const std::scoped_lock lock(mutex_);
    roll(now);
    if (current_.size() >= kKeysMax) {
      previous_ = std::exchange(current_, {});
      started_ = now;
    }
    ++current_[key];
  }

 private:
  using Counts = std::unordered_map<std::string, std::uint32_t>;
  static constexpr std::size_t kKeysMax = 100'000;

  static std::uint32_t count(const Counts& counts, const std::string& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
  }
  void roll(Instant now) {
    if (now - started_ < options_.failures_window) return;
    const bool next = now - started_ < 2 * options_.failures_window;
    previous_ = next ? std::exchange(current_, {}) : Counts{};
    if (!next) current_.clear();
    started_ = now;
  }

  AccessOptions options_;
  std::mutex mutex_;
  Instant started_;
  Counts current_, previous_;
};

// What a login name stands for, with the credentials that open it.
struct Access::Found {
  TenantId tenant;                     // of the name's domain, even when the name is not there
  std::optional<Principal> principal;  // nullopt: no such name, or not active
  std::uint32_t version = 0;
  std::vector<Credential> credentials;  // the main one first
  DomainId domain;
  std::shared_ptr<const AccessRules> rules;
};

Access::Access(Platform& platform, Store& store, Runtime& runtime, const Clock& clock,
               AccessOptions options)
    : platform_(platform),
      store_(store),
      runtime_(runtime),
      clock_(clock),
      options_(options),
      cache_(clock),
      failures_(std::make_unique<Failures>(options)) {}

Access::~Access() = default;

namespace {

constexpr const char* kByRules = "access rules";  // why a right password was refused

// All spellings that open the same account are one name; what is no address has one key for all, so
// that keys stay short whatever is typed.
std::string name_key(const std::string& name) {
  const auto address = EmailAddress::parse(name);
  return address ? "name:" + address->lookup_key() : "name:";
}

std::string address_key(const std::string& ip) {
  const auto address = IpAddress::parse(ip);
  return "ip:" + (address ? address->limit_key().text() : ip);
}

}  // namespace

bool Access::locked_out(const LoginAttempt& attempt) {
  const Instant now = clock_.now();
  const std::string name = name_key(attempt.name);
  return failures_->over(address_key(attempt.client_ip), now) ||
         (name != "name:" && failures_->over(name, now));
}

void Access::count_failure(const LoginAttempt& attempt) {
  const Instant now = clock_.now();
  failures_->add(address_key(attempt.client_ip), now);
  failures_->add(name_key(attempt.name), now);
}

namespace {

Result<std::optional<ApiUser>> api_user_of(Tx& tx, const EmailAddress& name,
                                           LoginKinds::ApiUsers way) {
  FUMI_TRY(std::optional<ApiUser> user, tx.directory().api_user_by_name(name));
  if (!user) return user;
  const bool may = way == LoginKinds::ApiUsers::smtp ? user->smtp_access : user->http_access;
  if (!may || user->status != AccountStatus::active) user.reset();
  return user;
}

// Whether checking it costs what a person's password costs.
bool is_slow(const Credential& credential) { return credential.argon2id.starts_with("$argon2"); }

}  // namespace

Task<Result<Access::Found>> Access::find(std::string name, LoginKinds kinds) {
  const auto address = EmailAddress::parse(name);
  if (!address) co_return Found{};
  auto work = [&](PlatformTx& tx) -> Result<Found> {
    Found found;
    FUMI_TRY(const auto owner, tx.platform().domain_owner(address->domain));
    if (!owner) return found;
    found.tenant = owner->tenant;
    if (owner->status != TenantStatus::active) return found;
    found.domain = owner->domain;
    Tx& scoped = tx.in({owner->tenant, {}});
    FUMI_TRY(found.rules, rules_.rules(scoped));
    if (kinds.accounts == LoginKinds::Accounts::yes) {
      FUMI_TRY(const auto account, scoped.directory().account_by_address(*address));
      // Nobody logs in to a shared account.
      if (account && account->status == AccountStatus::active &&
          account->kind == AccountKind::person) {
        found.principal =
            Principal{Principal::Kind::account,   owner->tenant, account->id, {}, account->address,
                      account->credential_version};
        found.version = account->credential_version;
        FUMI_TRY(Credential main, scoped.directory().account_credential(account->id));
        found.credentials.push_back(std::move(main));
        if (kinds.app_passwords == LoginKinds::AppPasswords::no) return found;
        FUMI_TRY(auto others, scoped.directory().app_passwords(account->id));
        for (AppPassword& other : others)
          found.credentials.push_back(std::move(other.credential));
        return found;
      }
    }
    if (kinds.api_users != LoginKinds::ApiUsers::no) {
      FUMI_TRY(const auto user, api_user_of(scoped, *address, kinds.api_users));
      if (user) {
        found.principal =
            Principal{Principal::Kind::api_user, owner->tenant, {}, user->id, user->name,
                      user->credential_version};
        found.version = user->credential_version;
        found.credentials.push_back(user->credential);
      }
    }
    return found;
  };
  co_return co_await platform_.glance(std::move(work));
}

// The index of the credential that the password opens, or not_found.
Task<Result<std::size_t>> Access::match(std::vector<Credential> credentials, Secret password) {
  Result<std::size_t> outcome = fail(Code::not_found, "checking a password");
  const std::function<void()> work = [&credentials, &password, &outcome] {
    // Keys first: they cost a microsecond, the password of a person 30 ms.
    for (std::size_t i = credentials.size(); i-- > 0;) {
      const auto match = check_credential(password, credentials[i]);
      if (!match) {
        outcome = std::unexpected(match.error());
      } else if (*match == Match::right) {
        outcome = i;
        return;
      }
    }
    // Nobody's wrong password is refused faster than somebody's.
    if (std::ranges::none_of(credentials, is_slow)) crypto::check_password_of_nobody(password);
  };
  Status ran = co_await runtime_.offload(work);
  if (!ran) co_return std::unexpected(std::move(ran).error());
  co_return outcome;
}

namespace {

AccessDoor door_of(std::string_view protocol) {
  if (protocol == "imap") return AccessDoor::imap;
  if (protocol == "pop3") return AccessDoor::pop3;
  if (protocol == "submission" || protocol == "relay") return AccessDoor::smtp;
  if (protocol == "api") return AccessDoor::api;
  if (protocol == "admin") return AccessDoor::admin;
  return AccessDoor::web;  // jmap: webmail and its like
}

}  // namespace

Status Access::judge(const LoginAttempt& attempt, const Found& found) const {
  if (!found.rules || found.rules->empty()) return {};
  AccessQuestion question;
  question.domain = found.domain;
  question.account = found.principal->account;
  question.api_user = found.principal->api_user;
  question.door = door_of(attempt.protocol);
  question.from = IpAddress::parse(attempt.client_ip);
  question.at = clock_.now();
  if (found.rules->judge(question).effect == AccessRule::Effect::allow) return {};
  // Somebody outside doesn't learn that the password was right.
  if (!question.from || !found.rules->is_own_network(*question.from))
    return fail(Code::unauthenticated, "logging in", "wrong name or password");
  return fail(Code::denied, "logging in", "access is not allowed from here at this time");
}

Task<Status> Access::record(LoginAttempt attempt, std::optional<Found> found, RecordKind kind,
                            std::string answer) {
  if (!found || !found->tenant) {
    log::info("access", "login failed for a name that is not ours",
              {{"protocol", attempt.protocol}, {"client", attempt.client_ip}});
    co_return Status();
  }
  const TenantScope scope = found->principal ? found->principal->scope()
                                             : TenantScope{found->tenant, {Actor::Kind::peer, 0}};
  Record line;
  line.at = clock_.now();
  line.kind = kind;
  line.actor = scope.actor;
  line.from = attempt.name;
  line.protocol = attempt.protocol;
  line.client_ip = attempt.client_ip;
  line.answer = std::move(answer);
  auto work = [&line](Tx& tx) { return tx.records().append(line); };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<Principal>> Access::password(LoginAttempt attempt, Secret password, LoginKinds kinds) {
  static constexpr const char* kDoing = "logging in";
  if (locked_out(attempt)) {
    co_return fail(Code::rate_limited, kDoing, "too many failed attempts; wait ten minutes");
  }
  if (password.reveal().size() > crypto::kPasswordOctetsMax) {
    co_return fail(Code::unauthenticated, kDoing, "wrong name or password");
  }
  Result<Found> found = co_await find(attempt.name, kinds);
  if (!found) co_return std::unexpected(std::move(found).error());
  std::string subject;
  if (found->principal) {
    const Principal& who = *found->principal;
    subject = who.scope().tenant.text() + "/" + std::to_string(int(who.kind)) + "/" +
              std::to_string(who.scope().actor.id);
    // What opens mail isn't remembered as what opens a console.
    if (kinds.app_passwords == LoginKinds::AppPasswords::no) subject += "/own";
  }
  const bool cached = found->principal && cache_.knows(subject, found->version, password);
  bool right = cached;
  if (!right) {
    Result<std::size_t> matched = co_await match(found->credentials, password);
    if (!matched && matched.error().code != Code::not_found) {
      co_return std::unexpected(std::move(matched).error());
    }
    right = matched.has_value() && found->principal.has_value();
    if (right) cache_.remember(subject, found->version, password);
  }
  Status allowed;
  if (right) allowed = judge(attempt, *found);
  // What looks like a wrong password counts as one: a lockout would tell them apart.
  if (!allowed && allowed.error().code == Code::unauthenticated) count_failure(attempt);
  // A program that calls the API a thousand times is one login to a reader of the log: what the
  // cache knows is not recorded again.
  if (cached && allowed && attempt.protocol == "api") co_return *found->principal;
  const std::optional<Principal> principal = found->principal;
  if (!right) {
    count_failure(attempt);
    found->principal.reset();  // nobody has proven to be that
  }
  const RecordKind kind = right && allowed ? RecordKind::login : RecordKind::login_failed;
  const std::string why = allowed ? "" : kByRules;
  Status recorded = co_await record(attempt, std::move(*found), kind, why);
  if (!recorded) co_return std::unexpected(std::move(recorded).error());
  if (!allowed) co_return std::unexpected(std::move(allowed).error());
  if (!right) co_return fail(Code::unauthenticated, kDoing, "wrong name or password");
  co_return *principal;
}

Task<Result<ScramCandidate>> Access::scram(LoginAttempt attempt, LoginKinds kinds) {
  if (locked_out(attempt)) {
    co_return fail(Code::rate_limited, "logging in", "too many failed attempts; wait ten minutes");
  }
  Result<Found> found = co_await find(attempt.name, kinds);
  if (!found) co_return std::unexpected(std::move(found).error());
  ScramCandidate candidate;
  // The exchange itself proves to the client that the password is right (RFC 5802 §7, the server's
  // signature): whom the rules keep out is nobody from the start, unless they may know.
  const Status allowed = found->principal ? judge(attempt, *found) : Status();
  if (!allowed && allowed.error().code == Code::unauthenticated) co_return candidate;
  if (found->principal && !found->credentials.empty()) {
    candidate.principal = found->principal;
    candidate.credential = std::move(found->credentials.front());
  }
  co_return candidate;
}

Task<Status> Access::scram_done(LoginAttempt attempt, std::optional<Principal> principal) {
  if (!principal) co_return co_await record(std::move(attempt), std::nullopt, RecordKind::login);
  // The name's domain was found when the exchange began; the rules are asked now.
  const LoginKinds any{LoginKinds::Accounts::yes, LoginKinds::ApiUsers::smtp};
  Result<Found> found = co_await find(attempt.name, any);
  if (!found) co_return std::unexpected(std::move(found).error());
  found->tenant = principal->tenant;
  found->principal = principal;
  Status allowed = judge(attempt, *found);
  if (!allowed && allowed.error().code == Code::unauthenticated) count_failure(attempt);
  const RecordKind kind = allowed ? RecordKind::login : RecordKind::login_failed;
  const std::string why = allowed ? "" : kByRules;
  Status recorded = co_await record(std::move(attempt), std::move(*found), kind, why);
  if (!recorded) co_return recorded;
  co_return allowed;
}

Task<void> Access::scram_failed(LoginAttempt attempt) {
  count_failure(attempt);
  const LoginKinds any{LoginKinds::Accounts::yes, LoginKinds::ApiUsers::smtp};
  Result<Found> found = co_await find(attempt.name, any);
  if (!found) co_return;
  found->principal.reset();
  const Status recorded = co_await record(attempt, std::move(*found), RecordKind::login_failed);
  if (!recorded)
    log::warning("access", "failed login not recorded", {{"why", recorded.error().text()}});
}

Task<Result<bool>> Access::may_send_as(Principal principal, EmailAddress address) {
  auto work = [&](PlatformTx& tx) -> Result<bool> {
    FUMI_TRY(const auto owner, tx.platform().domain_owner(address.domain));
    if (!owner || owner->tenant != principal.tenant) return false;
    if (owner->state != DomainState::verified) return false;
    if (owner->status != TenantStatus::active) return false;
    DirectoryStore& directory = tx.in(principal.scope()).directory();
    if (principal.kind == Principal::Kind::api_user) {
      FUMI_TRY(const auto user, directory.api_user_by_name(principal.name));
      return user && user->id == principal.api_user && user->status == AccountStatus::active;
    }
    FUMI_TRY(const auto recipient, directory.local_recipient(address));
    return recipient && recipient->account == principal.account &&
           recipient->status == AccountStatus::active;
  };
  co_return co_await platform_.read(std::move(work));
}

}  // namespace fumi::service
