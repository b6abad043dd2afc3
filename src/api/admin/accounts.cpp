// Accounts with their aliases and keys, and API users.
#include "api/admin/admin_api.h"

namespace fumi::api::admin {
namespace {

using http::Method;

std::string_view name_of(AccountStatus status) {
  switch (status) {
    case AccountStatus::active:
      return "active";
    case AccountStatus::disabled:
      return "disabled";
    case AccountStatus::deleted:
      return "deleted";
  }
  return "deleted";
}

AccountView short_view(const Account& account, std::string tenant) {
  AccountView view;
  view.address = account.address.text();
  view.id = account.id.text();
  view.tenant = std::move(tenant);
  view.name = account.display_name;
  view.status = name_of(account.status);
  view.kind = account.kind == AccountKind::shared ? "shared" : "person";
  view.quota_octets = account.quota_octets;
  view.used_octets = account.used_octets;
  view.created = account.created;
  return view;
}

AppPasswordView view_of_key(const AppPassword& password) {
  return {password.id.text(), password.name, password.created, std::nullopt};
}

ApiUserView view_of_user(const ApiUser& user, std::string tenant) {
  return {user.name.text(), user.id.text(),   std::move(tenant), std::string(name_of(user.status)),
          user.smtp_access, user.http_access, user.created,      std::nullopt};
}

}  // namespace

void AdminApi::add_accounts() {
  tag_ = "accounts";
  add(Method::post, "/tenants/{tenant}/accounts", "createAccount", Permission::accounts_write,
      "Creates an account.", &AdminApi::create_account, 201, kCreation);
  add(Method::get, "/tenants/{tenant}/accounts", "listAccounts", Permission::accounts_read,
      "Lists a tenant's accounts.", &AdminApi::list_accounts);
  add(Method::post, "/accounts", "createAccountByAddress", Permission::accounts_write,
      "Creates an account for the tenant that has its domain.", &AdminApi::create_account, 201,
      kCreation);
  add(Method::get, "/accounts/{address}", "showAccount", Permission::accounts_read,
      "Shows an account.", &AdminApi::show_account, 200, kTagged);
  add(Method::patch, "/accounts/{address}", "changeAccount", Permission::accounts_write,
      "Changes an account.", &AdminApi::patch_account, 200, kMatched);
  add(Method::delete_, "/accounts/{address}", "deleteAccount", Permission::accounts_write,
      "Deletes an account.", &AdminApi::delete_account, 204, kMatched);
  add(Method::post, "/accounts/{address}/aliases", "addAlias", Permission::accounts_write,
      "Adds an address to an account.", &AdminApi::add_alias, 201, kMatchedCreation);
  add(Method::delete_, "/accounts/{address}/aliases/{alias}", "removeAlias",
      Permission::accounts_write, "Removes an address.", &AdminApi::remove_alias, 204, kMatched);
  tag_ = "app-passwords";
  add(Method::post, "/accounts/{address}/app-passwords", "createAppPassword",
      Permission::credentials_write, "Makes a key for a mail client; it is shown once.",
      &AdminApi::create_app_password, 201, kChange);
  add(Method::get, "/accounts/{address}/app-passwords", "listAppPasswords",
      Permission::accounts_read, "Lists an account's keys.", &AdminApi::list_app_passwords);
  add(Method::delete_, "/accounts/{address}/app-passwords/{id}", "removeAppPassword",
      Permission::credentials_write, "Removes a key.", &AdminApi::remove_app_password, 204,
      kChange);
  tag_ = "api-users";
  add(Method::post, "/tenants/{tenant}/api-users", "createApiUser", Permission::api_users_write,
      "Creates an API user; its key is shown once.", &AdminApi::create_api_user, 201, kChange);
  add(Method::get, "/tenants/{tenant}/api-users", "listApiUsers", Permission::api_users_read,
      "Lists a tenant's API users.", &AdminApi::list_api_users);
  add(Method::delete_, "/tenants/{tenant}/api-users/{name}", "deleteApiUser",
      Permission::api_users_write, "Deletes an API user.", &AdminApi::delete_api_user, 204,
      kChange);
  add(Method::delete_, "/api-users/{address}", "deleteApiUserByName", Permission::api_users_write,
      "Deletes an API user.", &AdminApi::delete_api_user, 204, kChange);
}

Task<Result<AccountView>> AdminApi::view_of(TenantScope scope, Account account) {
  Result<std::string> tenant = co_await tenant_name(scope.tenant);
  if (!tenant) co_return std::unexpected(std::move(tenant).error());
  AccountView view = short_view(account, std::move(*tenant));
  Result<std::vector<EmailAddress>> addresses =
      co_await host_->tenancy.addresses(scope, view.address);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  view.aliases.emplace();
  for (const EmailAddress& address : *addresses)
    if (address != account.address) view.aliases->push_back(address.text());
  co_return view;
}

Task<Result<AccountView>> AdminApi::create_account(Call& call, None, NewAccountBody body) {
  service::NewAccount account{std::move(body.address), std::move(body.name),
                              std::move(body.password), body.quota_octets,
                              body.kind == "shared" ? AccountKind::shared : AccountKind::person};
  Result<Account> made = co_await call.tenancy.create_account(call.scope, std::move(account));
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return co_await view_of(call.scope, std::move(*made));
}

Task<Result<Page<AccountView>>> AdminApi::list_accounts(Call& call, PageQuery query, None) {
  AccountId after;
  if (query.after) {
    const auto id = AccountId::parse(*query.after);
    if (!id) co_return fail(Code::invalid, "listing accounts", "after is no id");
    after = *id;
  }
  Result<std::vector<Account>> rows =
      co_await call.tenancy.accounts(call.scope, after, query.limit);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Page<AccountView> page;
  for (const Account& row : *rows)
    page.items.push_back(short_view(row, std::string(call.context.parameter("tenant"))));
  if (rows->size() == query.limit) page.next = rows->back().id.text();
  co_return page;
}

Task<Result<AccountView>> AdminApi::show_account(Call& call, None, None) {
  std::string address(call.context.parameter("address"));
  Result<Account> account = co_await call.tenancy.account(call.scope, std::move(address));
  if (!account) co_return std::unexpected(std::move(account).error());
  co_return co_await view_of(call.scope, std::move(*account));
}

Task<Result<AccountView>> AdminApi::patch_account(Call& call, None, AccountPatch body) {
  service::AccountChange change;
  change.display_name = std::move(body.name);
  if (body.status)
    change.status = *body.status == "active" ? AccountStatus::active : AccountStatus::disabled;
  change.quota_octets = body.quota_octets;
  change.password = std::move(body.password);
  std::string address(call.context.parameter("address"));
  Result<Account> account =
      co_await call.tenancy.update_account(call.scope, std::move(address), std::move(change));
  if (!account) co_return std::unexpected(std::move(account).error());
  co_return co_await view_of(call.scope, std::move(*account));
}

Task<Result<None>> AdminApi::delete_account(Call& call, None, None) {
  std::string address(call.context.parameter("address"));
  Status done = co_await call.tenancy.delete_account(call.scope, std::move(address));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<AccountView>> AdminApi::add_alias(Call& call, None, NewAlias body) {
  std::string address(call.context.parameter("address"));
  Status done =
      co_await call.tenancy.add_alias(call.scope, std::move(address), std::move(body.address));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return co_await show_account(call, None(), None());
}

Task<Result<None>> AdminApi::remove_alias(Call& call, None, None) {
  std::string address(call.context.parameter("address"));
  std::string alias(call.context.parameter("alias"));
  Status done =
      co_await call.tenancy.remove_alias(call.scope, std::move(address), std::move(alias));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<AppPasswordView>> AdminApi::create_app_password(Call& call, None,
                                                            NewAppPasswordBody body) {
  std::string address(call.context.parameter("address"));
  Result<service::CreatedAppPassword> made = co_await call.tenancy.create_app_password(
      call.scope, std::move(address), std::move(body.name));
  if (!made) co_return std::unexpected(std::move(made).error());
  AppPasswordView view = view_of_key(made->password);
  view.key = std::move(made->key);
  co_return view;
}

Task<Result<Page<AppPasswordView>>> AdminApi::list_app_passwords(Call& call, None, None) {
  std::string address(call.context.parameter("address"));
  Result<std::vector<AppPassword>> rows =
      co_await call.tenancy.app_passwords(call.scope, std::move(address));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Page<AppPasswordView> page;
  for (const AppPassword& row : *rows)
    page.items.push_back(view_of_key(row));
  co_return page;
}

Task<Result<None>> AdminApi::remove_app_password(Call& call, None, None) {
  const auto id = AppPasswordId::parse(call.context.parameter("id"));
  if (!id) co_return fail(Code::not_found, "removing a key", "there is no such key");
  std::string address(call.context.parameter("address"));
  Status done = co_await call.tenancy.remove_app_password(call.scope, std::move(address), *id);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

Task<Result<ApiUserView>> AdminApi::create_api_user(Call& call, None, NewApiUserBody body) {
  Result<service::CreatedApiUser> made =
      co_await call.tenancy.create_api_user(call.scope, std::move(body.name));
  if (!made) co_return std::unexpected(std::move(made).error());
  ApiUserView view = view_of_user(made->user, std::string(call.context.parameter("tenant")));
  view.key = std::move(made->key);
  co_return view;
}

Task<Result<Page<ApiUserView>>> AdminApi::list_api_users(Call& call, None, None) {
  Result<std::vector<ApiUser>> rows = co_await call.tenancy.api_users(call.scope);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Page<ApiUserView> page;
  for (const ApiUser& row : *rows)
    page.items.push_back(view_of_user(row, std::string(call.context.parameter("tenant"))));
  co_return page;
}

Task<Result<None>> AdminApi::delete_api_user(Call& call, None, None) {
  std::string name(call.context.parameter("name"));
  if (name.empty()) name = call.context.parameter("address");
  Status done = co_await call.tenancy.delete_api_user(call.scope, std::move(name));
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

}  // namespace fumi::api::admin
