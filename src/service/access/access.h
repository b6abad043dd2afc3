// Access: proves who somebody is, for mail protocols and the sending API, and writes it down.
//
// Every attempt becomes a login or login_failed record of the tenant that the name belongs to.
// Guessing is slowed per client address and per name: after failures_max failures within the window
// further attempts are refused unseen (rate_limited), right or wrong. The time of an answer does
// not tell whether a name exists.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/task.h"
#include "base/time.h"
#include "crypto/auth_cache.h"
#include "domain/ports/runtime.h"
#include "domain/ports/store.h"
#include "service/access/access_policy.h"
#include "service/access/principal.h"

namespace fumi::config {
template <class T>
class Schema;
}

namespace fumi::service {

struct LoginAttempt {
  std::string protocol;  // "imap", "submission", "relay", "api"
  std::string client_ip;
  std::string name;  // as typed: an address
};

// Which kinds of principal may come in by this door.
struct LoginKinds {
  enum class Accounts : std::uint8_t { no, yes } accounts = Accounts::yes;
  // smtp, http: those that may use that way in (ApiUser::smtp_access, http_access).
  enum class ApiUsers : std::uint8_t { no, smtp, http } api_users = ApiUsers::no;
  // Whether an account's passwords for mail clients open it, too: never a console.
  enum class AppPasswords : std::uint8_t { no, yes } app_passwords = AppPasswords::yes;
};

struct AccessOptions {
  std::uint32_t failures_max = 20;  // per name or per address, in the window
  Duration failures_window = std::chrono::minutes(10);
};

void describe(config::Schema<AccessOptions>& s);

// For SCRAM: the verifier of a name, to be checked by the SASL engine. `principal` is empty for a
// name that is not there; the engine then plays on with a fake verifier.
struct ScramCandidate {
  std::optional<Principal> principal;
  Credential credential;
};

class Access {
 public:
  Access(Platform& platform, Store& store, Runtime& runtime, const Clock& clock,
         AccessOptions options);
  ~Access();

  // unauthenticated: wrong name or password, a disabled account, or access rules that forbid it
  // (all alike; from the tenant's own networks the last is denied and says so). rate_limited: too
  // many failures. unavailable: ask again later; never say "wrong password" for it.
  Task<Result<Principal>> password(LoginAttempt attempt, Secret password, LoginKinds kinds);

  Task<Result<ScramCandidate>> scram(LoginAttempt attempt, LoginKinds kinds);
  // Tells how the SCRAM exchange ended; writes the record. An error means: refuse the login;
  // unauthenticated and denied as above.
  Task<Status> scram_done(LoginAttempt attempt, std::optional<Principal> principal);
  Task<void> scram_failed(LoginAttempt attempt);

  // May this principal use that address as reverse-path or in From? Accounts: their own addresses;
  // API users: any address in a domain of their tenant. Nobody any more once the account, the API
  // user or the tenant is not active: sessions outlive that. Any thread.
  Task<Result<bool>> may_send_as(Principal principal, EmailAddress address);

 private:
  struct Found;
  Task<Result<Found>> find(std::string name, LoginKinds kinds);
  Task<Status> record(LoginAttempt attempt, std::optional<Found> found, RecordKind kind,
                      std::string answer = {});
  // Whether the rules let somebody in who has proven who they are.
  [[nodiscard]] Status judge(const LoginAttempt& attempt, const Found& found) const;
  Task<Result<std::size_t>> match(std::vector<Credential> credentials, Secret password);
  bool locked_out(const LoginAttempt& attempt);
  void count_failure(const LoginAttempt& attempt);

  class Failures;
  Platform& platform_;
  Store& store_;
  Runtime& runtime_;
  const Clock& clock_;
  AccessOptions options_;
  crypto::AuthenticationCache cache_;
  RulesCache rules_;
  std::unique_ptr<Failures> failures_;
};

}  // namespace fumi::service
