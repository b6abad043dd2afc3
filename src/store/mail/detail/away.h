// PushStore and VacationStore over SQL.
#pragma once

#include "domain/ports/push_store.h"
#include "domain/ports/vacation_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlPush final : public PushStore {
 public:
  explicit SqlPush(Context& context) : context_(context) {}

  Result<std::optional<ModSeq>> claim(AccountId account, ObjectId subscription,
                                      ModSeq state) override;
  Status release(AccountId account, ObjectId subscription, ModSeq state, ModSeq before) override;
  Status forget(AccountId account, ObjectId subscription) override;

 private:
  Context& context_;
};

class SqlVacation final : public VacationStore {
 public:
  explicit SqlVacation(Context& context) : context_(context) {}

  Status set_away(AccountId account, Away away) override;
  Status end_job(AccountId account, EmailId email) override;
  Result<ReplyVerdict> note_reply(AccountId account, const std::string& sender, Instant now,
                                  const ReplyLimits& limits) override;

 private:
  Context& context_;
};

}  // namespace fumi::store
