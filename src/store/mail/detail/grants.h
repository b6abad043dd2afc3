// GrantStore over SQL.
#pragma once

#include "domain/ports/grant_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlGrants final : public GrantStore {
 public:
  explicit SqlGrants(Context& context) : context_(context) {}

  Status add(const Grant& grant) override;
  Result<std::optional<Grant>> grant(GrantId id) override;
  Status remove(GrantId id) override;
  Result<std::vector<Grant>> held_by(const Actor& holder) override;
  Result<std::vector<Grant>> grants(GrantId after, std::uint32_t limit) override;
  Result<std::vector<AccountId>> owners() override;

  Status add_token(const AccessToken& token) override;
  Result<std::optional<AccessToken>> token(TokenId id) override;
  Result<std::vector<AccessToken>> tokens(AccessToken::Kind kind, TokenId after,
                                          std::uint32_t limit) override;
  Result<std::vector<AccessToken>> sessions(AccountId account) override;
  Status touch_token(TokenId id, Instant used) override;
  Status remove_token(TokenId id) override;
  Status remove_sessions(AccountId account, TokenId but) override;

  Result<std::optional<KeptAnswer>> kept_answer(const Actor& actor,
                                                const std::string& key_hash) override;
  Status claim_answer(const Actor& actor, const std::string& key_hash,
                      const KeptAnswer& answer) override;
  Status keep_answer(const Actor& actor, const std::string& key_hash, int status,
                     const std::string& body) override;

  // A row of access_tokens without its name, which only the tenant's key opens.
  [[nodiscard]] static AccessToken bare_token(const sql::Row& row);

 private:
  Result<AccessToken> token_of(const sql::Row& row);

  Context& context_;
};

}  // namespace fumi::store
