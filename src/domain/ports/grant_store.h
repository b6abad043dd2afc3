// GrantStore: a tenant's grants, the sessions and tokens of those who hold them, and the answers
// that are kept for repeated requests. See domain/grant.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/grant.h"

namespace fumi {

using TokenId = StrongId<struct TokenTag>;

// What opens the admin API: a person's session, or a program's token. Of the secret only its
// SHA-256 is kept.
struct AccessToken {
  TokenId id;
  TenantId tenant;
  enum class Kind : std::uint8_t { session = 1, program = 2 } kind = Kind::program;
  AccountId account;  // session: whose; program: who made it, 0 for an operator
  std::string name;   // session: where it was opened from
  std::string hash;   // 32 octets
  Instant created;
  Instant expires;
  Instant used;  // to the minute or so
};

// A request that was carried out, under the key that its sender gave it (Idempotency-Key).
struct KeptAnswer {
  std::string request_hash;  // of method, path and body
  Instant at;
  int status = 0;  // 0: carried out, but its answer was lost
  std::string body;
};

class GrantStore {
 public:
  virtual ~GrantStore() = default;

  virtual Status add(const Grant& grant) = 0;  // conflict: the holder has it already
  virtual Result<std::optional<Grant>> grant(GrantId id) = 0;
  virtual Status remove(GrantId id) = 0;  // not_found
  virtual Result<std::vector<Grant>> held_by(const Actor& holder) = 0;
  // Ascending by id, those after `after`, at most `limit`.
  virtual Result<std::vector<Grant>> grants(GrantId after, std::uint32_t limit) = 0;
  // Active accounts that are owners of the tenant.
  virtual Result<std::vector<AccountId>> owners() = 0;

  virtual Status add_token(const AccessToken& token) = 0;
  virtual Result<std::optional<AccessToken>> token(TokenId id) = 0;
  virtual Result<std::vector<AccessToken>> tokens(AccessToken::Kind kind, TokenId after,
                                                  std::uint32_t limit) = 0;
  virtual Result<std::vector<AccessToken>> sessions(AccountId account) = 0;
  virtual Status touch_token(TokenId id, Instant used) = 0;
  virtual Status remove_token(TokenId id) = 0;  // and its grants; not_found
  // Ends all sessions of an account but one (0: all).
  virtual Status remove_sessions(AccountId account, TokenId but) = 0;

  // `key_hash`: of the key. Answers are kept for each actor apart.
  virtual Result<std::optional<KeptAnswer>> kept_answer(const Actor& actor,
                                                        const std::string& key_hash) = 0;
  virtual Status claim_answer(const Actor& actor, const std::string& key_hash,
                              const KeptAnswer& answer) = 0;  // conflict: it is taken
  virtual Status keep_answer(const Actor& actor, const std::string& key_hash, int status,
                             const std::string& body) = 0;
};

}  // namespace fumi
