#include "service/tenancy/limits.h"

#include <algorithm>

#include "service/tenancy/operation.h"

namespace fumi::service {
namespace {

constexpr Duration kLiftMax = std::chrono::hours(7 * 24);
constexpr std::size_t kNoteOctetsMax = 500;

std::string text_of(const PacePolicy& policy) {
  return std::to_string(policy.per_minute) + "/min burst " + std::to_string(policy.burst) +
         " backlog " + std::to_string(policy.backlog_max) + " " +
         std::to_string(policy.per_10_minutes) + "/10min " + std::to_string(policy.per_day) +
         "/day";
}

std::string text_of(const TenantLimits& limits) {
  const TenantPlan& plan = limits.plan;
  return "accounts " + std::to_string(plan.accounts_max) + ", domains " +
         std::to_string(plan.domains_max) + ", api_users " + std::to_string(plan.api_users_max) +
         ", storage " + std::to_string(plan.storage_octets_max) + ", person " +
         text_of(limits.person) + ", tenant " + text_of(limits.tenant);
}

bool is_note(std::string_view text) {
  if (text.empty() || text.size() > kNoteOctetsMax) return false;
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<PaceSubject> subject_of(Tx& tx, const std::string& address) {
  if (address.empty()) return PaceSubject{};
  const auto parsed = EmailAddress::parse(address);
  if (!parsed) return fail(Code::invalid, "looking up a sender", "that is no mail address");
  FUMI_TRY(const auto account, tx.directory().account_by_address(*parsed));
  if (!account) {
    return fail(Code::not_found, "looking up a sender", "there is no account " + address);
  }
  return PaceSubject{PaceSubject::Kind::account, account->id.value()};
}

PaceReport report_of(const PaceEntry& entry, const TenantLimits& limits, std::string address,
                     Instant now) {
  PaceReport report;
  report.subject = entry.subject;
  report.address = std::move(address);
  report.policy = entry.subject.kind == PaceSubject::Kind::tenant ? limits.tenant : limits.person;
  report.state = entry.state;
  report.now = now;
  report.ten_minutes = entry.state.ten_minutes.count(now, std::chrono::minutes(10));
  report.day = entry.state.day.count(now, std::chrono::hours(24));
  if (report.policy.per_minute != 0) {
    const Duration each = Duration(std::chrono::minutes(1)) / report.policy.per_minute;
    const Duration late = entry.state.free_at - now - each * report.policy.burst;
    if (late > Duration::zero()) report.waiting = static_cast<std::uint64_t>(late / each);
  }
  return report;
}

bool is_restricted(const PaceReport& report) {
  const PacePolicy& policy = report.policy;
  return report.waiting != 0 || report.state.is_lifted(report.now) ||
         (policy.per_10_minutes != 0 && report.ten_minutes >= policy.per_10_minutes) ||
         (policy.per_day != 0 && report.day >= policy.per_day);
}

Result<std::string> address_of(Tx& tx, const PaceSubject& subject) {
  if (subject.kind == PaceSubject::Kind::tenant) return std::string();
  FUMI_TRY(const auto account, tx.directory().account(AccountId(subject.id)));
  return account ? account->address.text() : std::string();
}

}  // namespace

Task<Result<LimitsReport>> Limits::show(TenantScope scope) {
  auto work = [](Tx& tx) -> Result<LimitsReport> {
    LimitsReport report;
    FUMI_TRY(report.limits, tx.limits().limits());
    FUMI_TRY(report.use, tx.limits().use());
    return report;
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<LimitsReport>> Limits::change(TenantScope scope, Edit edit) {
  auto work = [&](Tx& tx) -> Result<LimitsReport> {
    LimitsReport report;
    FUMI_TRY(const TenantLimits before, tx.limits().hold_limits());
    report.limits = before;
    edit(report.limits);
    FUMI_CHECK(tx.limits().set_limits(report.limits));
    FUMI_TRY(report.use, tx.limits().use());
    FUMI_CHECK(tx.records().append(
        operation(scope.actor, clock_.now(), "tenant.limits", scope.tenant.text(),
                  {{"before", text_of(before)}, {"after", text_of(report.limits)}})));
    return report;
  };
  co_return co_await store_.write(scope, std::move(work));
}

Task<Result<PaceReport>> Limits::pace(TenantScope scope, std::string address) {
  auto work = [&](Tx& tx) -> Result<PaceReport> {
    PaceEntry entry;
    FUMI_TRY(entry.subject, subject_of(tx, address));
    FUMI_TRY(const TenantLimits limits, tx.limits().limits());
    FUMI_TRY(entry.state, tx.limits().pace(entry.subject));
    return report_of(entry, limits, address, clock_.now());
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<std::vector<PaceReport>>> Limits::restricted(TenantScope scope, std::uint32_t limit) {
  auto work = [&](Tx& tx) -> Result<std::vector<PaceReport>> {
    constexpr std::uint32_t kPage = 500;
    const Instant now = clock_.now();
    FUMI_TRY(const TenantLimits limits, tx.limits().limits());
    std::vector<PaceReport> found;
    PaceEntry own;
    FUMI_TRY(own.state, tx.limits().pace(own.subject));
    const PaceReport whole = report_of(own, limits, "", now);
    if (is_restricted(whole)) found.push_back(whole);
    PaceSubject after;
    for (bool more = true; more && found.size() < limit;) {
      FUMI_TRY(const auto page, tx.limits().paces(after, kPage));
      for (const PaceEntry& entry : page) {
        after = entry.subject;
        PaceReport report = report_of(entry, limits, "", now);
        if (!is_restricted(report) || found.size() >= limit) continue;
        FUMI_TRY(report.address, address_of(tx, entry.subject));
        found.push_back(std::move(report));
      }
      more = page.size() == kPage;
    }
    return found;
  };
  co_return co_await store_.read(scope, std::move(work));
}

Task<Result<PaceReport>> Limits::lift(TenantScope scope, std::string address, Instant until,
                                      std::string note) {
  static constexpr const char* kDoing = "lifting a sender's limits";
  if (!is_note(note)) {
    co_return fail(Code::invalid, kDoing, "give a note of 1 to 500 octets that says why");
  }
  if (until > clock_.now() + kLiftMax) {
    co_return fail(Code::invalid, kDoing, "limits are lifted for 7 days at most");
  }
  auto work = [&](Tx& tx) -> Result<PaceReport> {
    PaceEntry entry;
    FUMI_TRY(entry.subject, subject_of(tx, address));
    FUMI_TRY(const TenantLimits limits, tx.limits().limits());
    FUMI_TRY(entry.state, tx.limits().pace(entry.subject));
    entry.state.lifted_until = until;
    // What waits for its turn at the old rate must not hold up what is sent from now on.
    entry.state.free_at = {};
    FUMI_CHECK(tx.limits().set_pace(entry.subject, entry.state));
    FUMI_CHECK(tx.records().append(operation(scope.actor, clock_.now(), "pace.lift",
                                             address.empty() ? scope.tenant.text() : address,
                                             {{"until", to_rfc3339(until)}, {"note", note}})));
    return report_of(entry, limits, address, clock_.now());
  };
  co_return co_await store_.write(scope, std::move(work));
}

}  // namespace fumi::service
