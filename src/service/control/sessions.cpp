#include "service/control/sessions.h"

#include <algorithm>

#include "base/ascii.h"
#include "crypto/hash.h"
#include "crypto/token.h"
#include "service/control/roles.h"
#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

constexpr const char* kProving = "checking who calls";
constexpr const char* kSessionKind = "ses";
constexpr const char* kTokenKind = "adm";
constexpr const char* kOperatorKind = "op";
constexpr Duration kTouchEvery = std::chrono::minutes(1);
constexpr std::size_t kNameOctetsMax = 200;

std::string stored_form(const crypto::Digest256& digest) {
  return std::string(crypto::view(digest));
}

std::unexpected<Error> not_known() {
  return fail(Code::unauthenticated, kProving, "this session or token is not known or has ended");
}

bool is_label(const std::string& text) {
  return !text.empty() && text.size() <= kNameOctetsMax &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

// The account's id is proven by the login, the actor acts by its roles.
Actor admin_of(AccountId account) { return {Actor::Kind::admin, account.value()}; }

}  // namespace

// What the store knows of a token, in one look.
struct Sessions::Looked {
  AccessToken token;
  Caller caller;
};

bool Sessions::holds(const AccessToken& token) const {
  const Instant now = clock_.now();
  if (now >= token.expires) return false;
  return token.kind == AccessToken::Kind::program || now - token.used < options_.idle;
}

Task<Result<ProvenCaller>> Sessions::prove(std::string hash, AccessToken::Kind kind) {
  auto work = [&](PlatformTx& tx) -> Result<Looked> {
    FUMI_TRY(const auto token, tx.platform().token_by_hash(hash));
    if (!token || token->kind != kind || !holds(*token)) return not_known();
    FUMI_TRY(const auto tenant, tx.platform().tenant(token->tenant));
    if (!tenant || tenant->status != TenantStatus::active) return not_known();
    Looked looked{*token, {}};
    const bool person = kind == AccessToken::Kind::session;
    looked.caller.actor =
        person ? admin_of(token->account) : Actor{Actor::Kind::token, token->id.value()};
    looked.caller.tenant = token->tenant;
    Tx& scoped = tx.in({token->tenant, looked.caller.actor});
    if (person) {
      FUMI_TRY(const auto account, scoped.directory().account(token->account));
      if (!account || account->status != AccountStatus::active) return not_known();
    }
    FUMI_TRY(looked.caller.grants, scoped.grants().held_by(looked.caller.actor));
    return looked;
  };
  Result<Looked> looked = co_await platform_.read(std::move(work));
  if (!looked) co_return std::unexpected(std::move(looked).error());
  const Instant now = clock_.now();
  const TokenId id = looked->token.id;
  if (now - looked->token.used >= std::min(kTouchEvery, options_.idle / 4)) {
    const TenantScope scope{looked->token.tenant, looked->caller.actor};
    auto touch = [id, now](Tx& tx) { return tx.grants().touch_token(id, now); };
    Status touched = co_await store_.write(scope, std::move(touch));
    if (!touched) co_return std::unexpected(std::move(touched).error());
  }
  ProvenCaller proven{std::move(looked->caller), id, kind};
  co_return proven;
}

Task<Result<ProvenCaller>> Sessions::prove_operator(std::string hash) {
  auto work = [&hash](PlatformTx& tx) { return tx.platform().operator_by_token(hash); };
  Result<std::optional<Operator>> found = co_await platform_.read(std::move(work));
  if (!found) co_return std::unexpected(std::move(found).error());
  if (!*found) co_return fail(Code::unauthenticated, kProving, "no operator has this token");
  const Operator& person = **found;
  if (person.expires && clock_.now() >= *person.expires) co_return not_known();
  ProvenCaller proven;
  proven.caller.actor = {Actor::Kind::operator_, person.id.value()};
  Grant grant;
  grant.holder = proven.caller.actor;
  grant.role = person.role;
  grant.scope.kind = GrantScope::Kind::server;
  proven.caller.grants.push_back(grant);
  co_return proven;
}

Task<Result<ProvenCaller>> Sessions::session(std::string_view token) {
  const auto digest = crypto::token_digest(kSessionKind, token);
  if (!digest) co_return not_known();
  std::string hash = stored_form(*digest);
  co_return co_await prove(std::move(hash), AccessToken::Kind::session);
}

Task<Result<ProvenCaller>> Sessions::bearer(std::string_view token) {
  if (const auto digest = crypto::token_digest(kOperatorKind, token)) {
    std::string hash = ascii::to_hex(crypto::view(*digest));
    co_return co_await prove_operator(std::move(hash));
  }
  const auto digest = crypto::token_digest(kTokenKind, token);
  if (!digest) {
    co_return fail(Code::unauthenticated, kProving,
                   "send Authorization: Bearer with a token (fumi_op_…, fumi_adm_…)");
  }
  std::string hash = stored_form(*digest);
  co_return co_await prove(std::move(hash), AccessToken::Kind::program);
}

std::string Sessions::csrf_of(std::string_view token) {
  return ascii::to_hex(crypto::view(crypto::sha256({"fumi csrf:", token})));
}

bool Sessions::csrf_matches(std::string_view token, std::string_view header) {
  return crypto::equal_constant_time(csrf_of(token), header);
}

Task<Result<OpenedSession>> Sessions::open(LoginAttempt attempt, Secret password) {
  std::string from = attempt.client_ip;
  LoginKinds kinds;
  kinds.app_passwords = LoginKinds::AppPasswords::no;
  Result<Principal> who = co_await access_.password(std::move(attempt), std::move(password), kinds);
  if (!who) co_return std::unexpected(std::move(who).error());
  crypto::NewToken token = crypto::make_token(kSessionKind);
  OpenedSession opened;
  opened.address = who->name.text();
  opened.caller.actor = admin_of(who->account);
  opened.caller.tenant = who->tenant;
  const Instant now = clock_.now();
  opened.session = {
      ids_.next<TokenId>(),      who->tenant, AccessToken::Kind::session, who->account, from,
      stored_form(token.stored), now,         now + options_.absolute,    now};
  auto work = [&](Tx& tx) -> Result<std::vector<Grant>> {
    FUMI_TRY(const auto present, tx.grants().sessions(who->account));
    const std::size_t room = options_.per_account_max - 1;
    for (std::size_t i = 0; i + room < present.size(); ++i)
      FUMI_CHECK(tx.grants().remove_token(present[i].id));
    FUMI_CHECK(tx.grants().add_token(opened.session));
    return tx.grants().held_by(opened.caller.actor);
  };
  const TenantScope scope{who->tenant, opened.caller.actor};
  Result<std::vector<Grant>> grants = co_await store_.write(scope, std::move(work));
  if (!grants) co_return std::unexpected(std::move(grants).error());
  opened.caller.grants = std::move(*grants);
  opened.csrf = Secret(csrf_of(token.text.reveal()));
  opened.token = std::move(token.text);
  co_return opened;
}

Task<Result<std::vector<AccessToken>>> Sessions::sessions(TenantScope scope, AccountId account) {
  auto work = [&](Tx& tx) -> Result<std::vector<AccessToken>> {
    FUMI_TRY(auto all, tx.grants().sessions(account));
    std::erase_if(all, [&](const AccessToken& each) { return !holds(each); });
    return all;
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Status> Sessions::end_session(TenantScope scope, AccountId account, TokenId id) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const auto token, tx.grants().token(id));
    const bool theirs =
        token && token->kind == AccessToken::Kind::session && token->account == account;
    if (!theirs) return fail(Code::not_found, "ending a session", "there is no such session");
    FUMI_CHECK(tx.grants().remove_token(id));
    return tx.records().append(
        operation(scope.actor, clock_.now(), "session.end", account.text(), {{"id", id.text()}}));
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Status> Sessions::end_all_sessions(TenantScope scope, AccountId account, TokenId but) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_CHECK(tx.grants().remove_sessions(account, but));
    return tx.records().append(
        operation(scope.actor, clock_.now(), "session.end_all", account.text()));
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<CreatedToken>> Sessions::create_token(TenantScope scope, Caller maker,
                                                  NewToken request) {
  static constexpr const char* kDoing = "making a token";
  if (!is_label(request.name)) {
    co_return fail(Code::invalid, kDoing, "name takes 1 to 200 octets, no control characters");
  }
  if (request.role == Role::owner || info_of(request.role).of != RoleInfo::Of::tenant) {
    co_return fail(Code::invalid, kDoing, "a token takes a role of a tenant other than owner");
  }
  const Instant now = clock_.now();
  const Instant last = now + options_.token_life_max;
  const Instant expires = request.expires.value_or(last);
  if (expires <= now || expires > last) {
    co_return fail(Code::invalid, kDoing, "expires is over, or too far away");
  }
  crypto::NewToken text = crypto::make_token(kTokenKind);
  CreatedToken made;
  made.token = {ids_.next<TokenId>(),
                scope.tenant,
                AccessToken::Kind::program,
                maker.actor.kind == Actor::Kind::admin ? AccountId(maker.actor.id) : AccountId(),
                request.name,
                stored_form(text.stored),
                now,
                expires,
                now};
  const GrantId grant_id = ids_.next<GrantId>();
  auto work = [&](Tx& tx) -> Status {
    GrantScope where;
    if (request.domain) {
      const auto normal = normalize_domain(*request.domain);
      if (!normal) return fail(Code::invalid, kDoing, "that is no domain name");
      FUMI_TRY(const auto domain, tx.directory().domain_by_name(*normal));
      if (!domain) return fail(Code::not_found, kDoing, "the tenant has no domain " + *normal);
      where = {GrantScope::Kind::domain, domain->id};
    }
    if (!may_pass_on(maker, request.role, where))
      return fail(Code::denied, kDoing, "a token holds no more than its maker");
    const Actor holder{Actor::Kind::token, made.token.id.value()};
    made.grant = {grant_id, holder, request.role, where, scope.actor, now};
    FUMI_CHECK(tx.grants().add_token(made.token));
    FUMI_CHECK(tx.grants().add(made.grant));
    FUMI_TRY(const std::string roles, describe_grants(tx, holder));
    return tx.records().append(operation(
        scope.actor, now, "token.create", request.name,
        {{"id", made.token.id.text()}, {"after", roles}, {"expires", to_rfc3339(expires)}}));
  };
  Status done = co_await store_.write(scope, std::move(work));
  if (!done) co_return std::unexpected(std::move(done).error());
  made.text = std::move(text.text);
  co_return made;
}

Task<Result<std::vector<ListedToken>>> Sessions::tokens(TenantScope scope, TokenId after,
                                                        std::uint32_t limit) {
  auto work = [&](Tx& tx) -> Result<std::vector<ListedToken>> {
    FUMI_TRY(auto all, tx.grants().tokens(AccessToken::Kind::program, after, limit));
    std::vector<ListedToken> out;
    for (AccessToken& each : all) {
      FUMI_TRY(std::string roles, describe_grants(tx, {Actor::Kind::token, each.id.value()}));
      out.push_back({std::move(each), std::move(roles)});
    }
    return out;
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Status> Sessions::remove_token(TenantScope scope, TokenId id) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const auto token, tx.grants().token(id));
    if (!token || token->kind != AccessToken::Kind::program)
      return fail(Code::not_found, "ending a token", "there is no such token");
    FUMI_TRY(const std::string before, describe_grants(tx, {Actor::Kind::token, id.value()}));
    FUMI_CHECK(tx.grants().remove_token(id));
    return tx.records().append(operation(scope.actor, clock_.now(), "token.revoke", token->name,
                                         {{"id", id.text()}, {"before", before}}));
  };
  co_return co_await store_.write(scope, std::move(work));
}

}  // namespace fumi::service
