// Gate: the way of one transaction to mailboxes, which lets through what the actor may do.
//
// The actor of the scope decides: the system and operators may do everything, an account everything
// with its own mailboxes, and with others' what their ACLs grant (RFC 4314 §4); nobody else
// anything. not_found: there is no such mailbox, or the actor may not do this and may not even know
// of it (§6); denied: they may know of it, but not do this.
//
// Names are as the actor sees them: "Other Users/taro@acme.example/Work" for somebody else's,
// "Shared/support@acme.example/INBOX" for a shared account's (RFC 2342 §3, §5); an operator's are
// those of the account itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/acl.h"
#include "domain/mailbox.h"
#include "domain/ports/store.h"
#include "domain/scope.h"

namespace fumi::service {

// Whose mail, and who acts: the tenant's scope with its actor, and the account whose mail it is.
struct MailAccount {
  TenantScope scope;
  AccountId account;
};

inline constexpr std::string_view kOtherUsers = "Other Users/";
inline constexpr std::string_view kSharedAccounts = "Shared/";

// A mailbox that the actor may use in the way that was asked for.
struct Permit {
  Mailbox mailbox;  // its name as the actor sees it
  Rights rights;
};

// A mailbox that an actor sees in lists. Others' have no role here: \Sent is one's own.
struct VisibleMailbox {
  enum class Namespace : std::uint8_t { personal, other_users, shared };
  Mailbox mailbox;  // its name, and whether it is subscribed, as the actor has it
  Rights rights;
  Namespace in = Namespace::personal;
};

class Gate {
 public:
  Gate(Tx& tx, const MailAccount& who) : tx_(tx), who_(who) {}

  // `needed`: bits of Rights. Of mailboxes of who.account; costs nothing for the actor's own, whose
  // existence the store judges when they are used.
  [[nodiscard]] Status check(MailboxId mailbox, std::uint32_t needed);
  [[nodiscard]] Result<Permit> by_id(MailboxId mailbox, std::uint32_t needed);
  [[nodiscard]] Result<Permit> by_name(const std::string& name, std::uint32_t needed);
  // Any one of `some` is enough.
  [[nodiscard]] Result<Permit> by_name_with_any(const std::string& name, std::uint32_t some);
  // The mailbox without asking for rights: for what needs none (UNSUBSCRIBE).
  [[nodiscard]] Result<std::optional<Mailbox>> known_as(const std::string& name);

  // Where a mailbox of that name would be made. denied: the actor lacks the k right on the nearest
  // mailbox above it, or there is none; alike whether there is such an account or not.
  struct NewName {
    AccountId owner;
    std::string path;
  };
  [[nodiscard]] Result<NewName> for_new(const std::string& name);

  // By name.
  [[nodiscard]] Result<std::vector<VisibleMailbox>> visible();
  // The account whose names the actor uses without a prefix.
  [[nodiscard]] AccountId home() const;
  [[nodiscard]] bool is_own(AccountId owner) const { return may_all() || owner == home(); }

 private:
  struct Owner {
    AccountId id;
    std::string prefix;
    VisibleMailbox::Namespace in = VisibleMailbox::Namespace::other_users;
  };
  [[nodiscard]] bool may_all() const;
  [[nodiscard]] Result<Rights> rights(AccountId owner, MailboxId mailbox);
  [[nodiscard]] Result<std::optional<Owner>> owner(AccountId id);
  // The owner and the path behind the prefix, if the name is one of others' namespaces and the
  // account is there.
  [[nodiscard]] Result<std::optional<std::pair<Owner, std::string>>> foreign(
      const std::string& name);

  Tx& tx_;
  const MailAccount& who_;
};

// Of these flags, what the rights let somebody set or take away (RFC 4314 §4): s \Seen, t \Deleted,
// w all others.
[[nodiscard]] std::uint32_t settable_bits(Rights rights);
[[nodiscard]] Flags permitted(Flags flags, Rights rights);
inline constexpr std::uint32_t kFlagRights = Rights::seen | Rights::write | Rights::mark_deleted;

}  // namespace fumi::service
