// Sessions: who calls the admin API. A person's session, opened with a password; a program's token.
//
// Each check asks the store once: a session or token that was ended, an account that was disabled,
// a tenant that was suspended or a role that was taken is felt by the next call on every node.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/task.h"
#include "base/time.h"
#include "domain/grant.h"
#include "domain/ports/store.h"
#include "service/access/access.h"

namespace fumi::service {

struct SessionOptions {
  Duration idle = std::chrono::minutes(30);
  Duration absolute = std::chrono::hours(12);
  std::uint32_t per_account_max = 50;
  Duration token_life_max = std::chrono::days(400);
};

void describe(config::Schema<SessionOptions>& s);

struct OpenedSession {
  AccessToken session;
  Secret token;  // the cookie's value
  Secret csrf;   // to be sent in a header with everything that changes something
  Caller caller;
  std::string address;
};

// A token that held at the time of the call.
struct ProvenCaller {
  Caller caller;
  TokenId token;  // 0: an operator's
  AccessToken::Kind kind = AccessToken::Kind::program;
};

struct NewToken {
  std::string name;
  Role role = Role::report_viewer;
  std::optional<std::string> domain;
  std::optional<Instant> expires;  // at most token_life_max away; none: as far as that
};
struct CreatedToken {
  AccessToken token;
  Grant grant;
  Secret text;
};
struct ListedToken {
  AccessToken token;
  std::string roles;  // "admin in acme.example"
};

class Sessions {
 public:
  Sessions(Platform& platform, Store& store, Access& access, IdGenerator& ids, const Clock& clock,
           SessionOptions options)
      : platform_(platform),
        store_(store),
        access_(access),
        ids_(ids),
        clock_(clock),
        options_(options) {}

  // The same over another view of the store.
  [[nodiscard]] Sessions over(Platform& platform, Store& store) const {
    return {platform, store, access_, ids_, clock_, options_};
  }

  // unauthenticated, rate_limited: as Access::password(). Passwords for mail clients don't open
  // one.
  Task<Result<OpenedSession>> open(LoginAttempt attempt, Secret password);

  // Cookie values and bearer tokens, operators' too. unauthenticated: whatever the reason.
  Task<Result<ProvenCaller>> session(std::string_view token);
  Task<Result<ProvenCaller>> bearer(std::string_view token);
  // Whether the header belongs to the cookie; in constant time.
  [[nodiscard]] static std::string csrf_of(std::string_view token);
  [[nodiscard]] static bool csrf_matches(std::string_view token, std::string_view header);

  Task<Result<std::vector<AccessToken>>> sessions(TenantScope scope, AccountId account);
  // not_found: none of that account.
  Task<Status> end_session(TenantScope scope, AccountId account, TokenId id);
  Task<Status> end_all_sessions(TenantScope scope, AccountId account, TokenId but);

  // A token for a program. denied: it would hold more than its maker. Nobody makes owners of
  // tokens.
  Task<Result<CreatedToken>> create_token(TenantScope scope, Caller maker, NewToken request);
  Task<Result<std::vector<ListedToken>>> tokens(TenantScope scope, TokenId after,
                                                std::uint32_t limit);
  Task<Status> remove_token(TenantScope scope, TokenId id);

 private:
  struct Looked;
  Task<Result<ProvenCaller>> prove(std::string hash, AccessToken::Kind kind);
  Task<Result<ProvenCaller>> prove_operator(std::string hash);
  [[nodiscard]] bool holds(const AccessToken& token) const;

  Platform& platform_;
  Store& store_;
  Access& access_;
  IdGenerator& ids_;
  const Clock& clock_;
  SessionOptions options_;
};

}  // namespace fumi::service
