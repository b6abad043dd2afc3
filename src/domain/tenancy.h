// Tenants, domains, accounts and API users: values, as far as mail needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "domain/address.h"
#include "domain/ids.h"

namespace fumi {

enum class TenantStatus : std::uint8_t { active, suspended, terminated };

struct Tenant {
  TenantId id;
  std::string name;  // lower-case handle, unique on the installation: "acme"
  TenantStatus status = TenantStatus::active;
  Instant created;
};

// Whether the tenant has shown that a domain is its own. Only a verified one sends and receives;
// mail to another one goes where DNS says, so that nobody can catch a stranger's mail by naming its
// domain. failed: looked for the challenge and did not find it; may be tried again.
enum class DomainState : std::uint8_t { pending, verified, failed };

struct MailDomain {
  DomainId id;
  TenantId tenant;
  std::string name;  // lower-case
  Instant created;
  DomainState state = DomainState::verified;
  std::string challenge = {};  // the TXT value that proves ownership; "": the operator's word
  Instant checked = {};        // when the challenge was last looked for, or the operator decided
};

struct DkimKey {
  DkimKeyId id;
  DomainId domain;
  std::string selector;
  std::string algorithm;    // "rsa-sha256" or "ed25519-sha256"
  std::string private_pem;  // PKCS #8; stored sealed
  std::string dns_record;   // TXT value for <selector>._domainkey.<domain>
};

enum class AccountStatus : std::uint8_t { active, disabled, deleted };
// shared: a mailbox of nobody's own, used by those who are granted rights on it; nobody logs in.
enum class AccountKind : std::uint8_t { person, shared };

struct Account {
  AccountId id;
  DomainId domain;
  EmailAddress address;
  std::string display_name;
  AccountStatus status = AccountStatus::active;
  std::uint64_t quota_octets = 0;  // 0: no limit
  std::uint64_t used_octets = 0;
  ModSeq change;                         // the account's change counter
  std::uint32_t credential_version = 0;  // raised when a credential ends or is replaced
  Instant created;
  AccountKind kind = AccountKind::person;
};

// What a password leaves behind: nothing reversible (T-03).
struct Credential {
  std::string argon2id;    // PHC string
  std::string scram_salt;  // RFC 5802 verifier, SCRAM-SHA-256
  std::uint32_t scram_iterations = 0;
  std::string scram_stored_key;
  std::string scram_server_key;
};

// A password for one mail client; it opens mail protocols only, never a console.
struct AppPassword {
  AppPasswordId id;
  AccountId account;
  std::string name;
  Credential credential;
  Instant created;
};

// A program that sends (C-18). The key is its SMTP password and its api_key.
struct ApiUser {
  ApiUserId id;
  TenantId tenant;
  EmailAddress name;  // e-mail form, in a domain of the tenant
  Credential credential;
  bool smtp_access = true;
  bool http_access = true;
  AccountStatus status = AccountStatus::active;
  std::uint32_t credential_version = 0;
  Instant created;
};

// What a recipient address of ours stands for.
struct LocalRecipient {
  TenantId tenant;
  AccountId account;
  AccountStatus status = AccountStatus::active;
  std::uint64_t quota_octets = 0;  // 0: no limit
  std::uint64_t used_octets = 0;

  [[nodiscard]] bool is_full() const { return quota_octets != 0 && used_octets >= quota_octets; }
};

}  // namespace fumi
