// Plans and pace.
#include "api/admin/admin_api.h"

namespace fumi::api::admin {
namespace {

using http::Method;

constexpr std::uint32_t kRestrictedMax = 1000;

PaceRules rules_of(const PacePolicy& policy) {
  return {policy.per_minute, policy.burst, policy.backlog_max, policy.per_10_minutes,
          policy.per_day};
}

void change(PacePolicy& policy, const PaceRulesPatch& patch) {
  policy.per_minute = patch.per_minute.value_or(policy.per_minute);
  policy.burst = patch.burst.value_or(policy.burst);
  policy.backlog_max = patch.backlog_max.value_or(policy.backlog_max);
  policy.per_10_minutes = patch.per_10_minutes.value_or(policy.per_10_minutes);
  policy.per_day = patch.per_day.value_or(policy.per_day);
}

LimitsView limits_view(std::string tenant, const service::LimitsReport& report) {
  const TenantPlan& plan = report.limits.plan;
  LimitsView view;
  view.tenant = std::move(tenant);
  view.accounts_max = plan.accounts_max;
  view.domains_max = plan.domains_max;
  view.api_users_max = plan.api_users_max;
  view.storage_octets_max = plan.storage_octets_max;
  view.person_pace = rules_of(report.limits.person);
  view.tenant_pace = rules_of(report.limits.tenant);
  view.accounts = report.use.accounts;
  view.domains = report.use.domains;
  view.api_users = report.use.api_users;
  view.storage_octets = report.use.storage_octets;
  view.accounts_no_quota = report.use.accounts_no_quota;
  view.used_octets = report.use.used_octets;
  return view;
}

PaceView pace_view(const service::PaceReport& report) {
  PaceView view;
  if (!report.address.empty()) view.address = report.address;
  view.rules = rules_of(report.policy);
  view.waiting = report.waiting;
  view.ten_minutes = report.ten_minutes;
  view.day = report.day;
  if (report.state.is_lifted(report.now)) view.lifted_until = report.state.lifted_until;
  return view;
}

}  // namespace

void AdminApi::add_limits() {
  tag_ = "limits";
  add(Method::get, "/tenants/{tenant}/limits", "showLimits", Permission::plans_read,
      "Shows a tenant's plan and pace, and what it uses.", &AdminApi::show_limits);
  add(Method::patch, "/tenants/{tenant}/limits", "changeLimits", Permission::plans_write,
      "Changes a tenant's plan or pace.", &AdminApi::change_limits);
  add(Method::get, "/tenants/{tenant}/restricted", "listRestricted", Permission::accounts_read,
      "Lists senders that are delayed, refused or lifted now; at most 1,000.",
      &AdminApi::list_restricted);
  add(Method::get, "/tenants/{tenant}/pace", "showTenantPace", Permission::accounts_read,
      "Shows where a tenant's pace stands.", &AdminApi::show_pace);
  add(Method::post, "/tenants/{tenant}/pace/lift", "liftTenantPace", Permission::plans_write,
      "Lifts a tenant's pace for a time.", &AdminApi::lift_pace);
  add(Method::get, "/accounts/{address}/pace", "showPace", Permission::accounts_read,
      "Shows where an account's pace stands.", &AdminApi::show_pace);
  add(Method::post, "/accounts/{address}/pace/lift", "liftPace", Permission::accounts_write,
      "Lifts an account's pace for a time.", &AdminApi::lift_pace);
}

Task<Result<LimitsView>> AdminApi::show_limits(Call& call, None, None) {
  auto report = co_await host_->limits.show(call.scope);
  if (!report) co_return std::unexpected(std::move(report).error());
  co_return limits_view(std::string(call.context.parameter("tenant")), *report);
}

Task<Result<LimitsView>> AdminApi::change_limits(Call& call, None, LimitsPatch body) {
  service::Limits::Edit edit = [&body](TenantLimits& limits) {
    TenantPlan& plan = limits.plan;
    plan.accounts_max = body.accounts_max.value_or(plan.accounts_max);
    plan.domains_max = body.domains_max.value_or(plan.domains_max);
    plan.api_users_max = body.api_users_max.value_or(plan.api_users_max);
    plan.storage_octets_max = body.storage_octets_max.value_or(plan.storage_octets_max);
    if (body.person_pace) change(limits.person, *body.person_pace);
    if (body.tenant_pace) change(limits.tenant, *body.tenant_pace);
  };
  auto report = co_await host_->limits.change(call.scope, std::move(edit));
  if (!report) co_return std::unexpected(std::move(report).error());
  co_return limits_view(std::string(call.context.parameter("tenant")), *report);
}

Task<Result<PaceView>> AdminApi::show_pace(Call& call, None, None) {
  std::string address(call.context.parameter("address"));
  auto report = co_await host_->limits.pace(call.scope, std::move(address));
  if (!report) co_return std::unexpected(std::move(report).error());
  co_return pace_view(*report);
}

Task<Result<PaceView>> AdminApi::lift_pace(Call& call, None, PaceLift body) {
  std::string address(call.context.parameter("address"));
  auto report =
      co_await host_->limits.lift(call.scope, std::move(address), body.until, std::move(body.note));
  if (!report) co_return std::unexpected(std::move(report).error());
  co_return pace_view(*report);
}

Task<Result<Page<PaceView>>> AdminApi::list_restricted(Call& call, None, None) {
  auto found = co_await host_->limits.restricted(call.scope, kRestrictedMax);
  if (!found) co_return std::unexpected(std::move(found).error());
  Page<PaceView> page;
  for (const service::PaceReport& report : *found)
    page.items.push_back(pace_view(report));
  co_return page;
}

}  // namespace fumi::api::admin
