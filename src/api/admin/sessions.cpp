// Sessions of persons, tokens of programs.
#include "api/admin/admin_api.h"
#include "base/ascii.h"

namespace fumi::api::admin {
namespace {

using http::Method;

std::vector<std::string> roles_of(const Caller& caller) {
  std::vector<std::string> names;
  for (const Grant& grant : caller.grants)
    names.emplace_back(info_of(grant.role).name);
  return names;
}

std::vector<std::string> permissions_of(const Caller& caller) {
  Permissions all{Permission::self};
  for (const Grant& grant : caller.grants)
    all |= info_of(grant.role).permissions;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kPermissions; ++i)
    if (all.has(Permission(i))) names.emplace_back(to_string(Permission(i)));
  return names;
}

TokenView token_view(const AccessToken& token, std::string roles) {
  TokenView view;
  view.id = token.id.text();
  view.name = token.name;
  view.roles = std::move(roles);
  view.created = token.created;
  view.used = token.used;
  view.expires = token.expires;
  return view;
}

// RFC 6265bis: __Host- makes browsers insist on Secure, on this host alone, and on Path=/.
std::string cookie(std::string_view value, std::string_view more = {}) {
  return std::string(kSessionCookie) + "=" + std::string(value) +
         "; Path=/; Secure; HttpOnly; SameSite=Strict" + std::string(more);
}

// Sessions are of persons: a program's token has none.
Result<AccountId> own_account(const Call& call) {
  if (call.caller.actor.kind == Actor::Kind::admin) return AccountId(call.caller.actor.id);
  return fail(Code::not_found, "looking for sessions", "a token has no sessions");
}

Page<SessionRow> rows_of(const std::vector<AccessToken>& sessions, TokenId current) {
  Page<SessionRow> page;
  for (const AccessToken& each : sessions)
    page.items.push_back(
        {each.id.text(), each.name, each.created, each.used, each.expires, each.id == current});
  return page;
}

}  // namespace

void AdminApi::add_sessions() {
  tag_ = "sessions";
  add(Method::post, "/session", "openSession", kAnybody,
      "Logs in: the session is in a cookie, which scripts can't read.", &AdminApi::open_session,
      201);
  add(Method::get, "/session", "showSession", Permission::self, "Tells who calls.",
      &AdminApi::show_session);
  add(Method::delete_, "/session", "closeSession", Permission::self, "Logs out.",
      &AdminApi::close_session, 204);
  add(Method::get, "/sessions", "listSessions", Permission::self, "Lists one's own sessions.",
      &AdminApi::list_sessions);
  add(Method::delete_, "/sessions", "endOtherSessions", Permission::self,
      "Ends all of one's own sessions but this one.", &AdminApi::end_other_sessions, 204);
  add(Method::delete_, "/sessions/{id}", "endSession", Permission::self,
      "Ends one of one's own sessions.", &AdminApi::end_session, 204);
  add(Method::get, "/accounts/{address}/sessions", "listSessionsOf", Permission::accounts_read,
      "Lists an account's sessions.", &AdminApi::list_sessions_of);
  add(Method::delete_, "/accounts/{address}/sessions", "endSessionsOf",
      Permission::credentials_write, "Ends all of an account's sessions.",
      &AdminApi::end_sessions_of, 204, kChange);
  tag_ = "tokens";
  add(Method::post, "/tenants/{tenant}/tokens", "createToken", Permission::tokens_write,
      "Makes a token for a program; it is shown once.", &AdminApi::create_token, 201, kChange);
  add(Method::get, "/tenants/{tenant}/tokens", "listTokens", Permission::tokens_read,
      "Lists a tenant's tokens.", &AdminApi::list_tokens);
  add(Method::delete_, "/tenants/{tenant}/tokens/{id}", "deleteToken", Permission::tokens_write,
      "Ends a token.", &AdminApi::delete_token, 204, kChange);
}

Task<Result<SessionView>> AdminApi::open_session(Call& call, None, NewSession body) {
  service::LoginAttempt attempt{"admin", call.context.client_ip, std::move(body.login)};
  Result<service::OpenedSession> opened =
      co_await call.sessions.open(std::move(attempt), std::move(body.password));
  if (!opened) co_return std::unexpected(std::move(opened).error());
  call.headers.add("Set-Cookie", cookie(opened->token.reveal()));
  SessionView view;
  view.address = opened->address;
  view.roles = roles_of(opened->caller);
  view.permissions = permissions_of(opened->caller);
  view.csrf_token = opened->csrf.reveal();
  view.expires = opened->session.expires;
  Result<std::string> tenant = co_await tenant_name(opened->caller.tenant);
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  view.tenant = std::move(*tenant);
  co_return view;
}

Task<Result<SessionView>> AdminApi::show_session(Call& call, None, None) {
  SessionView view;
  view.roles = roles_of(call.caller);
  view.permissions = permissions_of(call.caller);
  const Actor actor = call.caller.actor;
  const TokenId token = call.token;
  auto work = [&view, actor, token](Tx& tx) -> Status {
    FUMI_TRY(const auto row, tx.grants().token(token));
    if (row) view.expires = row->expires;
    view.address = row ? row->name : "";
    if (actor.kind != Actor::Kind::admin) return {};
    FUMI_TRY(const auto account, tx.directory().account(AccountId(actor.id)));
    view.address = account ? account->address.text() : "";
    return {};
  };
  auto scoped = [&work, scope = call.scope](PlatformTx& tx) { return work(tx.in(scope)); };
  Status read = co_await host_->platform.read(std::move(scoped));
  if (!read) co_return std::unexpected(std::move(read).error());
  if (!call.cookie.empty()) view.csrf_token = service::Sessions::csrf_of(call.cookie);
  Result<std::string> tenant = co_await tenant_name(call.scope.tenant);
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  view.tenant = std::move(*tenant);
  co_return view;
}

Task<Result<None>> AdminApi::close_session(Call& call, None, None) {
  const Result<AccountId> account = own_account(call);
  if (!account) co_return std::unexpected(account.error());
  Status done = co_await call.sessions.end_session(call.scope, *account, call.token);
  if (!done) co_return std::unexpected(std::move(done).error());
  call.headers.add("Set-Cookie", cookie("", "; Max-Age=0"));
  co_return None();
}

Task<Result<Page<SessionRow>>> AdminApi::list_sessions(Call& call, None, None) {
  const Result<AccountId> account = own_account(call);
  if (!account) co_return std::unexpected(account.error());
  Result<std::vector<AccessToken>> rows = co_await call.sessions.sessions(call.scope, *account);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return rows_of(*rows, call.token);
}

Task<Result<None>> AdminApi::end_other_sessions(Call& call, None, None) {
  const Result<AccountId> account = own_account(call);
  if (!account) co_return std::unexpected(account.error());
  Status done = co_await call.sessions.end_all_sessions(call.scope, *account, call.token);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<None>> AdminApi::end_session(Call& call, None, None) {
  const Result<AccountId> account = own_account(call);
  if (!account) co_return std::unexpected(account.error());
  const auto id = TokenId::parse(call.context.parameter("id"));
  if (!id) co_return fail(Code::not_found, "ending a session", "there is no such session");
  Status done = co_await call.sessions.end_session(call.scope, *account, *id);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<Page<SessionRow>>> AdminApi::list_sessions_of(Call& call, None, None) {
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Result<std::vector<AccessToken>> rows = co_await call.sessions.sessions(call.scope, who->account);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  co_return rows_of(*rows, call.token);
}

Task<Result<None>> AdminApi::end_sessions_of(Call& call, None, None) {
  Result<service::MailAccount> who = co_await account_of(call);
  if (!who) co_return std::unexpected(std::move(who).error());
  Status done = co_await call.sessions.end_all_sessions(call.scope, who->account, TokenId());
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<TokenView>> AdminApi::create_token(Call& call, None, NewTokenBody body) {
  service::NewToken request;
  request.name = std::move(body.name);
  request.role = *role_named(body.role);  // the schema knows no other words
  request.domain = std::move(body.domain);
  request.expires = body.expires;
  Result<service::CreatedToken> made =
      co_await call.sessions.create_token(call.scope, call.caller, std::move(request));
  if (!made) co_return std::unexpected(std::move(made).error());
  TokenView view = token_view(made->token, std::string(info_of(made->grant.role).name));
  view.token = std::move(made->text);
  co_return view;
}

Task<Result<Page<TokenView>>> AdminApi::list_tokens(Call& call, PageQuery query, None) {
  TokenId after;
  if (query.after) {
    const auto id = TokenId::parse(*query.after);
    if (!id) co_return fail(Code::invalid, "listing tokens", "after is no id");
    after = *id;
  }
  Result<std::vector<service::ListedToken>> rows =
      co_await call.sessions.tokens(call.scope, after, query.limit);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Page<TokenView> page;
  for (const service::ListedToken& row : *rows)
    page.items.push_back(token_view(row.token, row.roles));
  if (rows->size() == query.limit) page.next = rows->back().token.id.text();
  co_return page;
}

Task<Result<None>> AdminApi::delete_token(Call& call, None, None) {
  const auto id = TokenId::parse(call.context.parameter("id"));
  if (!id) co_return fail(Code::not_found, "ending a token", "there is no such token");
  Status done = co_await call.sessions.remove_token(call.scope, *id);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

}  // namespace fumi::api::admin
