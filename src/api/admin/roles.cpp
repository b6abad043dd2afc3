// Roles: what there are, who has them.
#include "api/admin/admin_api.h"

namespace fumi::api::admin {
namespace {

using http::Method;

std::vector<std::string> names_of(Permissions permissions) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kPermissions; ++i)
    if (permissions.has(Permission(i))) names.emplace_back(to_string(Permission(i)));
  return names;
}

GrantView grant_view(const service::HeldGrant& held) {
  GrantView view;
  view.id = held.grant.id.text();
  view.kind = held.grant.holder.kind == Actor::Kind::token ? "token" : "account";
  view.holder = held.holder;
  view.role = info_of(held.grant.role).name;
  if (!held.domain.empty()) view.domain = held.domain;
  view.by = actor_name(held.grant.by);
  view.created = held.grant.created;
  return view;
}

}  // namespace

void AdminApi::add_roles() {
  tag_ = "roles";
  add(Method::get, "/roles", "listRoles", Permission::roles_read,
      "Lists the roles that a tenant can give, and what they permit.", &AdminApi::list_roles);
  add(Method::get, "/tenants/{tenant}/grants", "listGrants", Permission::roles_read,
      "Lists who has which role.", &AdminApi::list_grants);
  add(Method::post, "/tenants/{tenant}/grants", "createGrant", Permission::roles_write,
      "Gives a role to an account. The owners get a mail.", &AdminApi::create_grant, 201,
      kCreation);
  add(Method::delete_, "/tenants/{tenant}/grants/{id}", "deleteGrant", Permission::roles_write,
      "Takes a role away. The owners get a mail.", &AdminApi::delete_grant, 204, kChange);
}

Task<Result<Page<RoleView>>> AdminApi::list_roles(Call&, None, None) {
  Page<RoleView> page;
  for (const RoleInfo& role : roles())
    if (role.of == RoleInfo::Of::tenant)
      page.items.push_back({std::string(role.name), names_of(role.permissions)});
  co_return page;
}

Task<Result<Page<GrantView>>> AdminApi::list_grants(Call& call, PageQuery query, None) {
  GrantId after;
  if (query.after) {
    const auto id = GrantId::parse(*query.after);
    if (!id) co_return fail(Code::invalid, "listing grants", "after is no id");
    after = *id;
  }
  Result<std::vector<service::HeldGrant>> rows =
      co_await call.roles.grants(call.scope, after, query.limit);
  if (!rows) co_return std::unexpected(std::move(rows).error());
  Page<GrantView> page;
  for (const service::HeldGrant& row : *rows)
    page.items.push_back(grant_view(row));
  if (rows->size() == query.limit) page.next = rows->back().grant.id.text();
  co_return page;
}

Task<Result<GrantView>> AdminApi::create_grant(Call& call, None, NewGrantBody body) {
  service::NewGrant request;
  request.address = std::move(body.address);
  request.role = *role_named(body.role);  // the schema knows no other words
  request.domain = std::move(body.domain);
  if (body.duties == "combined") request.duties = service::Duties::combined;
  Result<service::HeldGrant> made = co_await call.roles.give(call.scope, std::move(request));
  if (!made) co_return std::unexpected(std::move(made).error());
  co_return grant_view(*made);
}

Task<Result<None>> AdminApi::delete_grant(Call& call, None, None) {
  const auto id = GrantId::parse(call.context.parameter("id"));
  if (!id) co_return fail(Code::not_found, "taking a role", "there is no such grant");
  Status done = co_await call.roles.take(call.scope, *id);
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return None();
}

}  // namespace fumi::api::admin
