// Principal: who a session acts for, once that is proven.
#pragma once

#include <cstdint>

#include "domain/address.h"
#include "domain/ids.h"
#include "domain/scope.h"

namespace fumi::service {

struct Principal {
  enum class Kind : std::uint8_t { account, api_user };
  Kind kind = Kind::account;
  TenantId tenant;
  AccountId account;                     // kind account
  ApiUserId api_user;                    // kind api_user
  EmailAddress name;                     // primary address, or the API user's name
  std::uint32_t credential_version = 0;  // of the account or API user when this was proven

  [[nodiscard]] TenantScope scope() const {
    const bool person = kind == Kind::account;
    return {tenant,
            {person ? Actor::Kind::account : Actor::Kind::api_user,
             person ? account.value() : api_user.value()}};
  }
};

}  // namespace fumi::service
