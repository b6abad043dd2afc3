#include "service/access/access_policy.h"

#include <algorithm>

#include "base/ascii.h"
#include "service/access/access_documents.h"
#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

constexpr const char* kDoing = "changing access rules";

// The rule's subject must be the tenant's.
Status require_subject(Tx& tx, const AccessSubject& who) {
  const auto missing = [] { return fail(Code::not_found, kDoing, "about: there is no such one"); };
  switch (who.kind) {
    case AccessSubject::Kind::everyone:
      return {};
    case AccessSubject::Kind::domain: {
      FUMI_TRY(const auto domains, tx.directory().domains());
      const bool has = std::ranges::any_of(
          domains, [&](const MailDomain& each) { return each.id.value() == who.id; });
      return has ? Status() : missing();
    }
    case AccessSubject::Kind::account: {
      FUMI_TRY(const auto account, tx.directory().account(AccountId(who.id)));
      return account ? Status() : missing();
    }
    case AccessSubject::Kind::api_user: {
      FUMI_TRY(const auto users, tx.directory().api_users());
      const bool has = std::ranges::any_of(
          users, [&](const ApiUser& each) { return each.id.value() == who.id; });
      return has ? Status() : missing();
    }
  }
  return missing();
}

Result<DomainId> domain_id(Tx& tx, const std::string& name) {
  FUMI_TRY(const auto domains, tx.directory().domains());
  for (const MailDomain& each : domains)
    if (each.name == name) return each.id;
  return DomainId();
}

}  // namespace

Result<std::shared_ptr<const AccessRules>> RulesCache::rules(Tx& tx) {
  FUMI_TRY(const std::uint64_t version, tx.settings().version());
  static const auto kNone = std::make_shared<const AccessRules>();
  if (version == 0) return kNone;
  const std::uint64_t tenant = tx.scope().tenant.value();
  {
    const std::scoped_lock lock(mutex_);
    const auto found = kept_.find(tenant);
    if (found != kept_.end() && found->second.version == version) return found->second.rules;
  }
  FUMI_TRY(auto compiled, compiled_rules(tx));
  auto rules = std::make_shared<const AccessRules>(std::move(compiled));
  const std::scoped_lock lock(mutex_);
  if (kept_.size() >= kTenantsMax && !kept_.contains(tenant)) kept_.clear();
  Kept& kept = kept_[tenant];
  kept = {version, rules};
  return rules;
}

// Judged with the change made, within its transaction.
Status AccessPolicy::still_may(Tx& tx, const AccessGuard& guard) const {
  const Actor actor = tx.scope().actor;
  const bool person = actor.kind == Actor::Kind::account || actor.kind == Actor::Kind::admin;
  if (!person) return {};  // operators and programs are under no rule for people
  FUMI_TRY(const AccessRules rules, compiled_rules(tx));
  FUMI_TRY(const auto account, tx.directory().account(AccountId(actor.id)));
  if (!account) return fail(Code::denied, kDoing, "you have no account here any more");
  AccessQuestion question;
  question.domain = account->domain;
  question.account = account->id;
  question.door = guard.door;
  question.from = guard.from;
  question.at = clock_.now();
  if (rules.judge(question).effect == AccessRule::Effect::allow) return {};
  return fail(Code::denied, kDoing, "you would lock yourself out: you could not come in from here");
}

Task<Result<std::vector<AccessRule>>> AccessPolicy::rules(TenantScope scope) {
  auto work = [](Tx& tx) { return stored_rules(tx); };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<AccessRule>> AccessPolicy::rule(TenantScope scope, SettingId id) {
  auto work = [id](Tx& tx) -> Result<AccessRule> {
    FUMI_TRY(const auto stored, tx.settings().setting(SettingKind::access_rule, id));
    if (!stored) return fail(Code::not_found, "reading an access rule", "there is no such rule");
    return read_rule(id, stored->body);
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<AccessRule>> AccessPolicy::create_rule(TenantScope scope, AccessGuard guard,
                                                   AccessRule rule) {
  Status sound = check_rule(rule);
  if (!sound) co_return std::unexpected(std::move(sound).error());
  auto work = [&](Tx& tx) -> Result<AccessRule> {
    FUMI_CHECK(require_subject(tx, rule.who));
    const std::string body = write_rule(rule);
    AccessRule made = rule;
    FUMI_TRY(made.id, tx.settings().create(SettingKind::access_rule, body, kAccessRulesMax));
    FUMI_CHECK(still_may(tx, guard));
    FUMI_CHECK(tx.records().append(operation(scope.actor, clock_.now(), "access-rule.create",
                                             made.id.text(), {{"after", body}})));
    return made;
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<AccessRule>> AccessPolicy::replace_rule(TenantScope scope, AccessGuard guard,
                                                    AccessRule rule) {
  Status sound = check_rule(rule);
  if (!sound) co_return std::unexpected(std::move(sound).error());
  auto work = [&](Tx& tx) -> Result<AccessRule> {
    FUMI_TRY(const auto before, tx.settings().setting(SettingKind::access_rule, rule.id));
    if (!before) return fail(Code::not_found, kDoing, "there is no such rule");
    FUMI_CHECK(require_subject(tx, rule.who));
    const std::string body = write_rule(rule);
    FUMI_CHECK(tx.settings().replace(SettingKind::access_rule, rule.id, body));
    FUMI_CHECK(still_may(tx, guard));
    FUMI_CHECK(tx.records().append(operation(scope.actor, clock_.now(), "access-rule.update",
                                             rule.id.text(),
                                             {{"before", before->body}, {"after", body}})));
    return rule;
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Status> AccessPolicy::remove_rule(TenantScope scope, AccessGuard guard, SettingId id) {
  auto work = [&](Tx& tx) -> Status {
    FUMI_TRY(const auto before, tx.settings().setting(SettingKind::access_rule, id));
    if (!before) return fail(Code::not_found, kDoing, "there is no such rule");
    FUMI_CHECK(tx.settings().remove(SettingKind::access_rule, id));
    FUMI_CHECK(still_may(tx, guard));
    return tx.records().append(operation(scope.actor, clock_.now(), "access-rule.delete", id.text(),
                                         {{"before", before->body}}));
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<std::vector<Holiday>>> AccessPolicy::holidays(TenantScope scope) {
  auto work = [](Tx& tx) { return stored_holidays(tx); };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Status> AccessPolicy::set_holidays(TenantScope scope, AccessGuard guard,
                                        std::vector<Holiday> holidays) {
  static constexpr const char* kSetting = "setting holidays";
  constexpr std::size_t kNameMax = 200;
  if (holidays.size() > kHolidaysMax) co_return fail(Code::invalid, kSetting, "more than 1000");
  std::ranges::sort(holidays, {}, &Holiday::date);
  for (std::size_t i = 0; i < holidays.size(); ++i) {
    if (!holidays[i].date.ok() || holidays[i].name.size() > kNameMax)
      co_return fail(Code::invalid, kSetting, "a date that is none, or a name over 200 octets");
    if (i > 0 && holidays[i].date == holidays[i - 1].date)
      co_return fail(Code::invalid, kSetting, "a date stands there twice");
  }
  auto work = [&](Tx& tx) -> Status {
    const std::string body = write_holidays(holidays);
    FUMI_TRY(const auto stored, tx.settings().list(SettingKind::holidays));
    if (stored.empty()) {
      FUMI_TRY(const SettingId made, tx.settings().create(SettingKind::holidays, body, 1));
      static_cast<void>(made);
    } else {
      FUMI_CHECK(tx.settings().replace(SettingKind::holidays, stored.front().id, body));
    }
    FUMI_CHECK(still_may(tx, guard));
    return tx.records().append(operation(scope.actor, clock_.now(), "holidays.set", "",
                                         {{"count", std::to_string(holidays.size())}}));
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<AccessSubject>> AccessPolicy::subject(TenantScope scope, std::string text) {
  auto work = [&](Tx& tx) -> Result<AccessSubject> {
    static constexpr const char* kReading = "reading whom a rule is about";
    if (text == "everyone") return AccessSubject{};
    if (text.starts_with('@')) {
      FUMI_TRY(const DomainId domain, domain_id(tx, ascii::to_lower(text.substr(1))));
      if (domain == DomainId()) return fail(Code::not_found, kReading, "about: no such domain");
      return AccessSubject{AccessSubject::Kind::domain, domain.value()};
    }
    const auto address = EmailAddress::parse(text);
    if (!address) {
      return fail(Code::invalid, kReading,
                  "about: everyone, @ and a domain, or an address; \"@acme.example\"");
    }
    FUMI_TRY(const auto account, tx.directory().account_by_address(*address));
    if (account) return AccessSubject{AccessSubject::Kind::account, account->id.value()};
    FUMI_TRY(const auto user, tx.directory().api_user_by_name(*address));
    if (user) return AccessSubject{AccessSubject::Kind::api_user, user->id.value()};
    return fail(Code::not_found, kReading, "about: nobody has that address");
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<std::vector<std::string>>> AccessPolicy::subject_texts(
    TenantScope scope, std::vector<AccessSubject> subjects) {
  auto work = [&](Tx& tx) -> Result<std::vector<std::string>> {
    FUMI_TRY(const auto domains, tx.directory().domains());
    FUMI_TRY(const auto users, tx.directory().api_users());
    std::vector<std::string> out;
    for (const AccessSubject& who : subjects) {
      std::string& text = out.emplace_back();
      if (who.kind == AccessSubject::Kind::everyone) text = "everyone";
      for (const MailDomain& each : domains)
        if (who.kind == AccessSubject::Kind::domain && each.id.value() == who.id)
          text = "@" + each.name;
      for (const ApiUser& each : users)
        if (who.kind == AccessSubject::Kind::api_user && each.id.value() == who.id)
          text = each.name.text();
      if (who.kind != AccessSubject::Kind::account) continue;
      FUMI_TRY(const auto account, tx.directory().account(AccountId(who.id)));
      if (account) text = account->address.text();
    }
    return out;
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Status> AccessPolicy::record_ended(TenantScope scope, std::string session) {
  auto work = [&](Tx& tx) {
    return tx.records().append(operation(scope.actor, clock_.now(), "session.end", session));
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<AccessVerdict>> AccessPolicy::try_out(TenantScope scope, AccessTrial trial) {
  auto work = [&](Tx& tx) -> Result<AccessVerdict> {
    const auto address = EmailAddress::parse(trial.address);
    if (!address) return fail(Code::invalid, "trying access rules", "address: it is none");
    AccessQuestion question;
    question.door = trial.door;
    question.from = trial.from;
    question.at = trial.at;
    FUMI_TRY(const auto account, tx.directory().account_by_address(*address));
    if (account) {
      question.domain = account->domain;
      question.account = account->id;
    } else {
      FUMI_TRY(const auto user, tx.directory().api_user_by_name(*address));
      if (!user) return fail(Code::not_found, "trying access rules", "nobody has that address");
      question.api_user = user->id;
      FUMI_TRY(question.domain, domain_id(tx, user->name.domain));
    }
    FUMI_TRY(const AccessRules rules, compiled_rules(tx));
    return rules.judge(question);
  };
  co_return co_await store_.read(scope, std::move(work));
}

}  // namespace fumi::service
