#include "service/tenancy/owners.h"

#include <algorithm>

namespace fumi::service {

Status require_other_owner(Tx& tx, AccountId account) {
  FUMI_TRY(const auto owners, tx.grants().owners());
  const bool is_last = owners.size() == 1 && owners.front() == account;
  if (!is_last) return {};
  return fail(Code::conflict, "changing an owner",
              "this is the tenant's last owner; make another account an owner first");
}

}  // namespace fumi::service
