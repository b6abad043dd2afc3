#include "service/intake/pacing.h"

#include <algorithm>

#include "domain/ports/store.h"

namespace fumi::service {
namespace {

std::string shown(Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  if (seconds < 120) return std::to_string(seconds) + " seconds";
  return std::to_string((seconds + 59) / 60) + " minutes";
}

// RFC 3463 §3.8: X.7.1, refused by policy. A program that can wait is told to; what only tomorrow
// could bring is better told to the person now.
std::optional<Refusal> refusal_of(const PaceVerdict& verdict, const PacePolicy& policy,
                                  PaceSubject::Kind whose) {
  using Kind = PaceVerdict::Kind;
  const std::string who = whose == PaceSubject::Kind::tenant ? "Your organisation" : "You";
  const std::string again = "; try again in " + shown(verdict.wait);
  switch (verdict.kind) {
    case Kind::now:
    case Kind::delayed:
      return std::nullopt;
    case Kind::backlog:
      return Refusal{451, "4.7.1",
                     who + " may send to " + std::to_string(policy.per_minute) +
                         " recipients a minute and too many are waiting" + again};
    case Kind::too_fast:
      return Refusal{451, "4.7.1",
                     who + " may send to " + std::to_string(policy.per_10_minutes) +
                         " recipients in ten minutes" + again};
    case Kind::spent_day:
      return Refusal{
          550, "5.7.1",
          who + " may send to " + std::to_string(policy.per_day) + " recipients a day" + again};
  }
  return std::nullopt;
}

}  // namespace

Result<Pacing> take_pace(Tx& tx, const Arrival& arrival, std::uint64_t recipients, Instant now) {
  Pacing pacing;
  FUMI_TRY(const TenantLimits limits, tx.limits().limits());
  const auto take = [&](const PaceSubject& subject, const PacePolicy& policy) -> Status {
    if (!policy.limits() || pacing.refusal) return {};
    FUMI_TRY(PaceState state, tx.limits().pace(subject));
    const PaceVerdict verdict = fumi::take_pace(state, policy, recipients, now);
    pacing.refusal = refusal_of(verdict, policy, subject.kind);
    if (pacing.refusal) return {};
    pacing.wait = std::max(pacing.wait, verdict.wait);
    return tx.limits().set_pace(subject, state);
  };
  const bool person = arrival.principal && arrival.principal->kind == Principal::Kind::account;
  if (person) {
    const std::uint64_t account = arrival.principal->account.value();
    FUMI_CHECK(take({PaceSubject::Kind::account, account}, limits.person));
  }
  FUMI_CHECK(take({}, limits.tenant));
  return pacing;
}

}  // namespace fumi::service
