// VacationStore: who is away, which mail may have to be answered for that, and who has been
// answered.
//
// A delivery to an account that is away leaves a job in its own transaction; whoever works on jobs
// ends each in the transaction that queues the reply. So every mail is considered once, and no
// crash answers twice. One method is one step of a transaction.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "domain/ids.h"

namespace fumi {

enum class Away : std::uint8_t { no, yes };

// A mail that was delivered to an account that is away.
struct VacationJob {
  TenantId tenant;
  AccountId account;
  EmailId email;
};

// RFC 5230 §4.2: how often one sender is answered.
struct ReplyLimits {
  Duration interval = std::chrono::days(7);  // between two replies to one sender
  std::uint32_t senders_max = 1'000;         // answered within an interval
};

enum class ReplyVerdict : std::uint8_t { may, repeated, too_many };

class VacationStore {
 public:
  virtual ~VacationStore() = default;

  // From the next delivery on. not_found: no such account. Coming back forgets who was answered, so
  // that a new absence is told to everybody once.
  virtual Status set_away(AccountId account, Away away) = 0;
  // not_found: it has been ended already (by another node).
  virtual Status end_job(AccountId account, EmailId email) = 0;
  // `may`: it is noted that the sender is answered now. `sender` is compared as it is given.
  virtual Result<ReplyVerdict> note_reply(AccountId account, const std::string& sender, Instant now,
                                          const ReplyLimits& limits) = 0;
};

}  // namespace fumi
