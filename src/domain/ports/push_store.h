// PushStore: what push subscriptions (ObjectKind::push_subscription) have been told, apart from
// their documents: telling a client of a change must not be a change.
//
// A subscription is claimed before its client is told, so that of several nodes that hear of a
// change one tells it. One method is one step of a transaction.
#pragma once

#include <optional>

#include "base/result.h"
#include "domain/ids.h"

namespace fumi {

// An account that has push subscriptions.
struct PushOwner {
  TenantId tenant;
  AccountId account;
};

class PushStore {
 public:
  virtual ~PushStore() = default;

  // Takes it on to tell the client of `state`: what it was told before (0: nothing). nullopt: it
  // was told of that state, or a later one, already.
  virtual Result<std::optional<ModSeq>> claim(AccountId account, ObjectId subscription,
                                              ModSeq state) = 0;
  // It could not be told: as before the claim, unless somebody has claimed it for a later state.
  virtual Status release(AccountId account, ObjectId subscription, ModSeq state, ModSeq before) = 0;
  // With the subscription. Not being there is fine.
  virtual Status forget(AccountId account, ObjectId subscription) = 0;
};

}  // namespace fumi
