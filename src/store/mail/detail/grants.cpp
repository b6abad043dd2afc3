#include "store/mail/detail/grants.h"

#include <algorithm>

#include "crypto/tenant_keys.h"
#include "domain/kept_answer.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr std::string_view kTokenName = "access_tokens.name";
constexpr std::string_view kAnswerBody = "kept_answers.body";

constexpr Statement kAdd{
    "INSERT INTO grants (tenant_id, grant_id, holder_kind, holder_id, role, scope_kind, scope_id,"
    " by_kind, by_id, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT DO NOTHING"};
constexpr Statement kGrant{
    "SELECT grant_id, holder_kind, holder_id, role, scope_kind, scope_id, by_kind, by_id, created"
    " FROM grants WHERE tenant_id = $1 AND grant_id = $2"};
constexpr Statement kHeldBy{
    "SELECT grant_id, holder_kind, holder_id, role, scope_kind, scope_id, by_kind, by_id, created"
    " FROM grants WHERE tenant_id = $1 AND holder_kind = $2 AND holder_id = $3 ORDER BY grant_id"};
constexpr Statement kGrants{
    "SELECT grant_id, holder_kind, holder_id, role, scope_kind, scope_id, by_kind, by_id, created"
    " FROM grants WHERE tenant_id = $1 AND grant_id > $2 ORDER BY grant_id LIMIT $3"};
constexpr Statement kRemove{"DELETE FROM grants WHERE tenant_id = $1 AND grant_id = $2"};
constexpr Statement kRemoveHeldBy{
    "DELETE FROM grants WHERE tenant_id = $1 AND holder_kind = $2 AND holder_id = $3"};
// 5: Actor::Kind::admin; role 3: owner; status 0: active.
constexpr Statement kOwners{
    "SELECT a.account_id FROM grants g JOIN accounts a ON a.tenant_id = g.tenant_id"
    " AND a.account_id = g.holder_id WHERE g.tenant_id = $1 AND g.holder_kind = 5 AND g.role = 3"
    " AND g.scope_kind = 1 AND a.status = 0 ORDER BY a.account_id"};

constexpr Statement kAddToken{
    "INSERT INTO access_tokens (tenant_id, token_id, kind, account_id, created, expires, used,"
    " hash, name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"};
constexpr Statement kToken{
    "SELECT tenant_id, token_id, kind, account_id, created, expires, used, name"
    " FROM access_tokens WHERE tenant_id = $1 AND token_id = $2"};
constexpr Statement kTokens{
    "SELECT tenant_id, token_id, kind, account_id, created, expires, used, name"
    " FROM access_tokens WHERE tenant_id = $1 AND kind = $2 AND token_id > $3"
    " ORDER BY token_id LIMIT $4"};
constexpr Statement kSessions{
    "SELECT tenant_id, token_id, kind, account_id, created, expires, used, name"
    " FROM access_tokens WHERE tenant_id = $1 AND account_id = $2 AND kind = 1 ORDER BY token_id"};
constexpr Statement kTouch{
    "UPDATE access_tokens SET used = $3 WHERE tenant_id = $1 AND token_id = $2 AND used < $3"};
constexpr Statement kRemoveToken{
    "DELETE FROM access_tokens WHERE tenant_id = $1 AND token_id = $2"};
constexpr Statement kRemoveSessions{
    "DELETE FROM access_tokens WHERE tenant_id = $1 AND account_id = $2 AND kind = 1"
    " AND token_id <> $3"};

constexpr Statement kKept{
    "SELECT at, status, request_hash, body FROM kept_answers"
    " WHERE tenant_id = $1 AND actor_kind = $2 AND actor_id = $3 AND key_hash = $4"};
constexpr Statement kDropOldAnswer{
    "DELETE FROM kept_answers WHERE tenant_id = $1 AND actor_kind = $2 AND actor_id = $3"
    " AND key_hash = $4 AND at < $5"};
constexpr Statement kClaim{
    "INSERT INTO kept_answers (tenant_id, actor_kind, actor_id, key_hash, at, status,"
    " request_hash, body) VALUES ($1, $2, $3, $4, $5, 0, $6, $7) ON CONFLICT DO NOTHING"};
constexpr Statement kKeep{
    "UPDATE kept_answers SET status = $5, body = $6"
    " WHERE tenant_id = $1 AND actor_kind = $2 AND actor_id = $3 AND key_hash = $4"};

constexpr std::uint32_t kRowsMax = 1000;

Grant grant_of(const Row& row) {
  Grant grant;
  grant.id = row.id<GrantId>(0);
  grant.holder = {static_cast<Actor::Kind>(row.int64(1)), std::uint64_t(row.int64(2))};
  grant.role = static_cast<Role>(row.int64(3));
  grant.scope = {static_cast<GrantScope::Kind>(row.int64(4)), row.id<DomainId>(5)};
  grant.by = {static_cast<Actor::Kind>(row.int64(6)), std::uint64_t(row.int64(7))};
  grant.created = row.instant(8);
  return grant;
}

}  // namespace

Status SqlGrants::add(const Grant& grant) {
  if (!grant.id || grant.holder.id == 0 || grant.scope.kind == GrantScope::Kind::server ||
      info_of(grant.role).of == RoleInfo::Of::server) {
    return fail(Code::invalid, "adding a grant", "that is no tenant's grant");
  }
  FUMI_TRY(const auto rows, context_.execute(kAdd, grant.id, grant.holder.kind, grant.holder.id,
                                             grant.role, grant.scope.kind, grant.scope.domain,
                                             grant.by.kind, grant.by.id, grant.created));
  if (rows == 0) return fail(Code::conflict, "adding a grant", "the role is held already");
  return {};
}

Result<std::optional<Grant>> SqlGrants::grant(GrantId id) {
  return context_.one(kGrant, grant_of, id);
}

Status SqlGrants::remove(GrantId id) {
  FUMI_TRY(const auto rows, context_.execute(kRemove, id));
  if (rows == 0) return fail(Code::not_found, "removing a grant", "there is no such grant");
  return {};
}

Result<std::vector<Grant>> SqlGrants::held_by(const Actor& holder) {
  std::vector<Grant> found;
  auto visit = [&](const Row& row) { found.push_back(grant_of(row)); };
  FUMI_CHECK(context_.query(kHeldBy, visit, holder.kind, holder.id));
  return found;
}

Result<std::vector<Grant>> SqlGrants::grants(GrantId after, std::uint32_t limit) {
  std::vector<Grant> found;
  auto visit = [&](const Row& row) { found.push_back(grant_of(row)); };
  FUMI_CHECK(context_.query(kGrants, visit, after, std::min(limit, kRowsMax)));
  return found;
}

Result<std::vector<AccountId>> SqlGrants::owners() {
  std::vector<AccountId> found;
  auto visit = [&](const Row& row) { found.push_back(row.id<AccountId>(0)); };
  FUMI_CHECK(context_.query(kOwners, visit));
  return found;
}

Status SqlGrants::add_token(const AccessToken& token) {
  if (!token.id || token.hash.size() != 32) return fail(Code::invalid, "adding a token");
  FUMI_TRY(const auto name, context_.seal(kTokenName, token.name, Aad(token.id)));
  FUMI_TRY(const auto rows,
           context_.execute(kAddToken, token.id, token.kind, token.account, token.created,
                            token.expires, token.used, Blob{token.hash}, Blob{name}));
  if (rows == 0) return fail(Code::conflict, "adding a token");
  return {};
}

AccessToken SqlGrants::bare_token(const Row& row) {
  AccessToken token;
  token.tenant = row.id<TenantId>(0);
  token.id = row.id<TokenId>(1);
  token.kind = static_cast<AccessToken::Kind>(row.int64(2));
  token.account = row.id<AccountId>(3);
  token.created = row.instant(4);
  token.expires = row.instant(5);
  token.used = row.instant(6);
  return token;
}

Result<AccessToken> SqlGrants::token_of(const Row& row) {
  AccessToken token = bare_token(row);
  FUMI_TRY(token.name, context_.open(kTokenName, row.blob(7), Aad(token.id)));
  return token;
}

Result<std::optional<AccessToken>> SqlGrants::token(TokenId id) {
  return context_.one(kToken, [&](const Row& row) { return token_of(row); }, id);
}

Result<std::vector<AccessToken>> SqlGrants::tokens(AccessToken::Kind kind, TokenId after,
                                                   std::uint32_t limit) {
  std::vector<AccessToken> found;
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto token, token_of(row));
    found.push_back(std::move(token));
    return {};
  };
  FUMI_CHECK(context_.query(kTokens, visit, kind, after, std::min(limit, kRowsMax)));
  return found;
}

Result<std::vector<AccessToken>> SqlGrants::sessions(AccountId account) {
  std::vector<AccessToken> found;
  auto visit = [&](const Row& row) -> Status {
    FUMI_TRY(auto token, token_of(row));
    found.push_back(std::move(token));
    return {};
  };
  FUMI_CHECK(context_.query(kSessions, visit, account));
  return found;
}

Status SqlGrants::touch_token(TokenId id, Instant used) { return context_.run(kTouch, id, used); }

Status SqlGrants::remove_token(TokenId id) {
  FUMI_TRY(const auto rows, context_.execute(kRemoveToken, id));
  if (rows == 0) return fail(Code::not_found, "removing a token", "there is no such token");
  return context_.run(kRemoveHeldBy, Actor::Kind::token, id);
}

Status SqlGrants::remove_sessions(AccountId account, TokenId but) {
  return context_.run(kRemoveSessions, account, but);
}

Result<std::optional<KeptAnswer>> SqlGrants::kept_answer(const Actor& actor,
                                                         const std::string& key_hash) {
  auto map = [&](const Row& row) -> Result<KeptAnswer> {
    KeptAnswer answer;
    answer.at = row.instant(0);
    answer.status = int(row.int64(1));
    answer.request_hash = row.bytes(2);
    if (answer.status == 0) return answer;
    FUMI_TRY(answer.body, context_.open(kAnswerBody, row.blob(3), Aad(actor.id)));
    return answer;
  };
  return context_.one(kKept, map, actor.kind, actor.id, Blob{key_hash});
}

Status SqlGrants::claim_answer(const Actor& actor, const std::string& key_hash,
                               const KeptAnswer& answer) {
  FUMI_CHECK(
      context_.run(kDropOldAnswer, actor.kind, actor.id, Blob{key_hash}, answer.at - kAnswerLife));
  FUMI_TRY(const auto rows, context_.execute(kClaim, actor.kind, actor.id, Blob{key_hash},
                                             answer.at, Blob{answer.request_hash}, Blob{}));
  if (rows == 0) return fail(Code::conflict, "keeping an answer", "the key is in use");
  return {};
}

Status SqlGrants::keep_answer(const Actor& actor, const std::string& key_hash, int status,
                              const std::string& body) {
  FUMI_TRY(const auto sealed, context_.seal(kAnswerBody, body, Aad(actor.id)));
  FUMI_TRY(const auto rows,
           context_.execute(kKeep, actor.kind, actor.id, Blob{key_hash}, status, Blob{sealed}));
  if (rows == 0) return fail(Code::not_found, "keeping an answer");
  return {};
}

}  // namespace fumi::store
