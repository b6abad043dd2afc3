#include "api/admin/people_resources.h"

namespace fumi::api::admin {
namespace {

constexpr std::int64_t kNoteOctetsMax = 500;
constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr std::int64_t kOctetsMax = 1'000'000'000'000'000;

// PaceRules and PaceRulesPatch say the same; in the one all is there, in the other what changes.
template <class T>
void pace_rules(Schema<T>& s) {
  s.field(&T::per_minute, "per_minute", "The rate at which what comes faster leaves.")
      .range(0, kCountMax);
  s.field(&T::burst, "burst", "Leaves at once after a pause.").range(0, kCountMax);
  s.field(&T::backlog_max, "backlog_max", "When more than this waits, 451 until it is less.")
      .range(0, kCountMax);
  s.field(&T::per_10_minutes, "per_10_minutes", "Over it 451.").range(0, kCountMax);
  s.field(&T::per_day, "per_day", "Over it 550.").range(0, kCountMax);
}

template <class T>
void plan_members(Schema<T>& s) {
  s.field(&T::accounts_max, "accounts_max", "Accounts, shared ones included.").range(0, kCountMax);
  s.field(&T::domains_max, "domains_max", "Domains.").range(0, kCountMax);
  s.field(&T::api_users_max, "api_users_max", "API users.").range(0, kCountMax);
  s.field(&T::storage_octets_max, "storage_octets_max",
          "What may be given to accounts as quota, in all; accounts then need a quota.")
      .range(0, kOctetsMax);
  s.field(&T::person_pace, "person_pace", "How fast each person may send to other hosts.");
  s.field(&T::tenant_pace, "tenant_pace", "How fast all of the tenant together may.");
}

}  // namespace

DomainView domain_view(const MailDomain& domain, std::string tenant) {
  DomainView view{domain.name,  std::move(tenant), domain.created, service::to_string(domain.state),
                  std::nullopt, std::nullopt};
  const bool open = domain.state != DomainState::verified && !domain.challenge.empty();
  if (open) view.challenge = domain.challenge;
  if (domain.checked != Instant()) view.checked = domain.checked;
  return view;
}

void describe(Schema<DomainVerification>& s) {
  s.named("DomainVerification", "How to verify a domain.");
  s.field(&DomainVerification::method, "method",
          "dns: look for the challenge. operator: on your word, with a note.")
      .choices({"dns", "operator"})
      .optional();
  s.field(&DomainVerification::note, "note", "Why; kept in the audit trail.")
      .length(1, kNoteOctetsMax);
}

void describe(Schema<DnsFinding>& s) {
  s.named("DnsFinding", "A record, as it should be and as it is.");
  s.field(&DnsFinding::record, "record", "What to publish.");
  s.field(&DnsFinding::state, "state",
          "wrong: it does harm. differs: may be meant so. unknown: DNS did not answer.")
      .choices({"good", "missing", "wrong", "differs", "unknown"});
  s.field(&DnsFinding::published, "published", "What is published under the name.");
  s.field(&DnsFinding::text, "text", "What to do.");
  s.field(&DnsFinding::text_ja, "text_ja", "What to do, in Japanese.");
}

void describe(Schema<DomainCheckView>& s) {
  s.named("DomainCheck", "What is wrong with a domain's DNS.");
  s.field(&DomainCheckView::domain, "domain", "The domain.");
  s.field(&DomainCheckView::good, "good", "Whether all that is required is as it should be.");
  s.field(&DomainCheckView::records, "records", "Record by record.");
}

void describe(Schema<PaceRules>& s) {
  s.named("PaceRules", "A sending pace, in recipients on other hosts; 0: no limit.");
  pace_rules(s);
}

void describe(Schema<PaceRulesPatch>& s) {
  s.named("PaceRulesPatch", "What to change of a pace; missing members stay. 0: no limit.");
  pace_rules(s);
}

void describe(Schema<LimitsView>& s) {
  s.named("Limits", "A tenant's plan and pace, and what it uses; 0 in a limit: none.");
  s.field(&LimitsView::tenant, "tenant", "Whose.");
  plan_members(s);
  s.field(&LimitsView::accounts, "accounts", "Accounts there are.");
  s.field(&LimitsView::domains, "domains", "Domains there are.");
  s.field(&LimitsView::api_users, "api_users", "API users there are.");
  s.field(&LimitsView::storage_octets, "storage_octets", "Given away as quotas.");
  s.field(&LimitsView::accounts_no_quota, "accounts_no_quota", "Accounts without a quota.");
  s.field(&LimitsView::used_octets, "used_octets", "Mail that lies there.");
}

void describe(Schema<LimitsPatch>& s) {
  s.named("LimitsPatch", "What to change; missing members stay. 0: no limit.");
  plan_members(s);
}

void describe(Schema<PaceView>& s) {
  s.named("Pace", "Where a sender's pace stands, in recipients.");
  s.field(&PaceView::address, "address", "Whose; missing: the tenant as a whole.");
  s.field(&PaceView::rules, "rules", "The rules that apply.");
  s.field(&PaceView::waiting, "waiting", "Taken, and waiting for their turn.");
  s.field(&PaceView::ten_minutes, "ten_minutes", "In the last ten minutes.");
  s.field(&PaceView::day, "day", "In the last 24 hours.");
  s.field(&PaceView::lifted_until, "lifted_until", "Until then no limit applies.");
}

void describe(Schema<PaceLift>& s) {
  s.named("PaceLift", "Lets a sender go on without limits for a time.");
  s.field(&PaceLift::until, "until", "At most 7 days from now; a time of the past takes it back.");
  s.field(&PaceLift::note, "note", "Why; kept in the audit trail.").length(1, kNoteOctetsMax);
}

}  // namespace fumi::api::admin
