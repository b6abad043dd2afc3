#include "service/control/roles.h"

#include <algorithm>

#include "service/tenancy/operation.h"
#include "service/tenancy/owners.h"

namespace fumi::service {
namespace {

constexpr const char* kGiving = "giving a role";

Actor holder_of(AccountId account) { return {Actor::Kind::admin, account.value()}; }

// Duties that one person had better not have both of (separation of duties).
struct ApartRow {
  Role runs;
  Role watches;
};
constexpr ApartRow kApart[] = {{Role::admin, Role::auditor},
                               {Role::admin, Role::approver},
                               {Role::service_user, Role::auditor},
                               {Role::service_user, Role::approver}};

bool are_apart(Role one, Role other) {
  return std::ranges::any_of(kApart, [&](const ApartRow& row) {
    return (row.runs == one && row.watches == other) || (row.runs == other && row.watches == one);
  });
}

Result<Account> require_person(Tx& tx, const std::string& text) {
  const auto address = EmailAddress::parse(text);
  if (!address) return fail(Code::invalid, kGiving, text + " is no mail address");
  FUMI_TRY(auto account, tx.directory().account_by_address(*address));
  if (!account) return fail(Code::not_found, kGiving, "there is no account " + text);
  if (account->kind != AccountKind::person)
    return fail(Code::invalid, kGiving, "nobody logs in to a shared account: it has no role");
  return std::move(*account);
}

Result<GrantScope> scope_named(Tx& tx, const std::optional<std::string>& name) {
  if (!name) return GrantScope();
  const auto normal = normalize_domain(*name);
  if (!normal) return fail(Code::invalid, kGiving, "that is no domain name");
  FUMI_TRY(const auto domain, tx.directory().domain_by_name(*normal));
  if (!domain) return fail(Code::not_found, kGiving, "the tenant has no domain " + *normal);
  return GrantScope{GrantScope::Kind::domain, domain->id};
}

Status require_duties(const std::vector<Grant>& held, const NewGrant& request) {
  if (request.duties == Duties::combined) return {};
  for (const Grant& grant : held) {
    if (!are_apart(grant.role, request.role)) continue;
    return fail(Code::conflict, kGiving,
                "who is " + std::string(info_of(grant.role).name) + " had better not be " +
                    std::string(info_of(request.role).name) +
                    " as well; say combined where there is nobody else");
  }
  return {};
}

Result<std::string> domain_name(Tx& tx, const GrantScope& scope) {
  if (scope.kind != GrantScope::Kind::domain) return std::string();
  FUMI_TRY(const auto domains, tx.directory().domains());
  const auto found = std::ranges::find(domains, scope.domain, &MailDomain::id);
  return found == domains.end() ? scope.domain.text() : found->name;
}

Result<std::string> holder_name(Tx& tx, const Actor& holder) {
  if (holder.kind == Actor::Kind::token) {
    FUMI_TRY(const auto token, tx.grants().token(TokenId(holder.id)));
    return token ? token->name : TokenId(holder.id).text();
  }
  FUMI_TRY(const auto account, tx.directory().account(AccountId(holder.id)));
  return account ? account->address.text() : AccountId(holder.id).text();
}

NoticeText notice_text(const std::string& who, Role role) {
  const std::string name(info_of(role).name);
  NoticeText text;
  text.subject_ja = "権限の変更: " + who;
  text.subject_en = "Change of roles: " + who;
  text.body_ja = who + " の権限「" + name +
                 "」が変更されました。内容は操作ログで確認できます。\n"
                 "この変更に心当たりがない場合は、すぐに権限の一覧を確認してください。";
  text.body_en = "The role " + name + " of " + who +
                 " was changed. The log of operations tells what and by whom.\n"
                 "If you don't expect this change, look at the list of roles at once.";
  return text;
}

}  // namespace

Result<std::string> describe_grants(Tx& tx, const Actor& holder) {
  FUMI_TRY(const auto held, tx.grants().held_by(holder));
  std::string out;
  for (const Grant& grant : held) {
    if (!out.empty()) out += ", ";
    out += info_of(grant.role).name;
    FUMI_TRY(const std::string domain, domain_name(tx, grant.scope));
    if (!domain.empty()) out += " in " + domain;
  }
  return out;
}

Task<Result<HeldGrant>> Roles::give(TenantScope scope, NewGrant request) {
  if (info_of(request.role).of != RoleInfo::Of::tenant) {
    co_return fail(Code::invalid, kGiving, "that is no role of a tenant");
  }
  if (request.role == Role::owner && request.domain) {
    co_return fail(Code::invalid, kGiving, "an owner owns all of the tenant, not one domain");
  }
  NoticeText text = notice_text(request.address, request.role);
  Result<PreparedNotice> notice = co_await notices_.prepare(scope, std::move(text));
  if (!notice) co_return std::unexpected(std::move(notice).error());
  const GrantId id = ids_.next<GrantId>();
  auto work = [&](Tx& tx) -> Result<HeldGrant> {
    FUMI_TRY(const Account account, require_person(tx, request.address));
    const Actor holder = holder_of(account.id);
    if (holder == scope.actor)
      return fail(Code::denied, kGiving, "nobody gives a role to themselves");
    FUMI_TRY(const auto held, tx.grants().held_by(holder));
    FUMI_CHECK(require_duties(held, request));
    FUMI_TRY(const GrantScope where, scope_named(tx, request.domain));
    FUMI_TRY(const std::string before, describe_grants(tx, holder));
    const Grant grant{id, holder, request.role, where, scope.actor, clock_.now()};
    FUMI_CHECK(tx.grants().add(grant));
    FUMI_TRY(const std::string after, describe_grants(tx, holder));
    const bool combined = request.duties == Duties::combined;
    FUMI_CHECK(tx.records().append(operation(
        scope.actor, clock_.now(), "role.grant", account.address.text(),
        {{"before", before}, {"after", after}, {"duties", combined ? "combined" : "apart"}})));
    FUMI_CHECK(notices_.deliver(tx, *notice));
    FUMI_TRY(std::string domain, domain_name(tx, where));
    return HeldGrant{grant, account.address.text(), std::move(domain)};
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Status> Roles::take(TenantScope scope, GrantId id) {
  static constexpr const char* kTaking = "taking a role";
  auto look = [&](Tx& tx) -> Result<HeldGrant> {
    FUMI_TRY(const auto grant, tx.grants().grant(id));
    if (!grant) return fail(Code::not_found, kTaking, "there is no such grant");
    FUMI_TRY(std::string holder, holder_name(tx, grant->holder));
    return HeldGrant{*grant, std::move(holder), {}};
  };
  Result<HeldGrant> held = co_await store_.read(scope, std::move(look));
  if (!held) co_return std::unexpected(std::move(held).error());
  NoticeText text = notice_text(held->holder, held->grant.role);
  Result<PreparedNotice> notice = co_await notices_.prepare(scope, std::move(text));
  if (!notice) co_return std::unexpected(std::move(notice).error());
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const auto grant, tx.grants().grant(id));
    if (!grant) return fail(Code::not_found, kTaking, "there is no such grant");
    if (grant->role == Role::owner)
      FUMI_CHECK(require_other_owner(tx, AccountId(grant->holder.id)));
    FUMI_TRY(const std::string before, describe_grants(tx, grant->holder));
    FUMI_CHECK(notices_.deliver(tx, *notice));  // first: who loses ownership is told, too
    FUMI_CHECK(tx.grants().remove(id));
    FUMI_TRY(const std::string after, describe_grants(tx, grant->holder));
    return tx.records().append(operation(scope.actor, clock_.now(), "role.revoke", held->holder,
                                         {{"before", before}, {"after", after}}));
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<std::vector<HeldGrant>>> Roles::grants(TenantScope scope, GrantId after,
                                                   std::uint32_t limit) {
  auto work = [&](Tx& tx) -> Result<std::vector<HeldGrant>> {
    FUMI_TRY(const auto grants, tx.grants().grants(after, limit));
    std::vector<HeldGrant> out;
    for (const Grant& grant : grants) {
      FUMI_TRY(std::string holder, holder_name(tx, grant.holder));
      FUMI_TRY(std::string domain, domain_name(tx, grant.scope));
      out.push_back({grant, std::move(holder), std::move(domain)});
    }
    return out;
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<std::vector<Grant>>> Roles::held_by(TenantScope scope, std::string address) {
  auto work = [&](Tx& tx) -> Result<std::vector<Grant>> {
    const auto parsed = EmailAddress::parse(address);
    if (!parsed) return std::vector<Grant>();
    FUMI_TRY(const auto account, tx.directory().account_by_address(*parsed));
    if (!account) return std::vector<Grant>();
    return tx.grants().held_by(holder_of(account->id));
  };
  co_return co_await store_.read(scope, std::move(work));
}

}  // namespace fumi::service
