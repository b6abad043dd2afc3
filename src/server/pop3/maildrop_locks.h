// MaildropLocks: one POP3 session at a time on a maildrop, as RFC 1939 §4 asks, and the least time
// between two logins (RFC 2449 §6.5).
//
// The locks are this node's. Two sessions on two nodes are not kept apart, and need not be for the
// mail's sake: each has a snapshot and removes by UID in one transaction, so that whatever was
// removed by the other is simply gone. Any thread may call.
#pragma once

#include <cstdint>
#include <expected>
#include <mutex>
#include <unordered_map>

#include "base/time.h"
#include "domain/ids.h"

namespace fumi::server {

class MaildropLocks {
 public:
  enum class Denied : std::uint8_t { in_use, too_soon };

  // Gives the maildrop back when it dies. The locks must outlive it.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept { swap(other); }
    Hold& operator=(Hold&& other) noexcept {
      swap(other);
      return *this;
    }
    ~Hold();

   private:
    friend class MaildropLocks;
    Hold(MaildropLocks& locks, AccountId account) : locks_(&locks), account_(account) {}
    void swap(Hold& other) noexcept {
      std::swap(locks_, other.locks_);
      std::swap(account_, other.account_);
    }
    MaildropLocks* locks_ = nullptr;
    AccountId account_;
  };

  // `delay`: how long ago the last login must be; 0: any time.
  [[nodiscard]] std::expected<Hold, Denied> hold(AccountId account, Instant now, Duration delay);
  // Accounts that are remembered: those in use, and those whose delay may still run.
  [[nodiscard]] std::size_t size() const;

 private:
  struct Place {
    bool held = false;
    Instant free_from;  // of the delay
  };
  void release(AccountId account);
  void forget_old(Instant now);

  mutable std::mutex mutex_;
  std::unordered_map<AccountId, Place> places_;
  std::size_t swept_at_ = 1'000;  // size at which forget_old() is due
};

}  // namespace fumi::server
