// ChangeBus: tells sessions that something of an account has changed, after the commit.
//
// In one process this is a table of listeners; other nodes feed it from LISTEN/NOTIFY. A listener
// is called on the publisher's thread, must not block and must not call the bus: it sets an event.
// Listeners of an account are called in the order of their subscription, `Order::first` ones before
// all others: what others look at once they are woken must know of the change already.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "domain/ids.h"

namespace fumi {

struct Change {
  TenantId tenant;
  AccountId account;
  // 0: the account itself (mailboxes created, renamed, deleted), or anything of it: is_gap().
  MailboxId mailbox;

  // From publish_gap(): anything of the account may have changed.
  [[nodiscard]] bool is_gap() const { return tenant == TenantId(); }
};

class ChangeBus {
 public:
  using Listener = std::function<void(const Change&)>;

  // Unsubscribes when it dies. The bus must outlive it.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(ChangeBus& bus, AccountId account, std::uint64_t id)
        : bus_(&bus), account_(account), id_(id) {}
    Subscription(Subscription&& other) noexcept { swap(other); }
    Subscription& operator=(Subscription&& other) noexcept {
      swap(other);
      return *this;
    }
    ~Subscription();

   private:
    void swap(Subscription& other) noexcept {
      std::swap(bus_, other.bus_);
      std::swap(account_, other.account_);
      std::swap(id_, other.id_);
    }
    ChangeBus* bus_ = nullptr;
    AccountId account_;
    std::uint64_t id_ = 0;
  };

  enum class Order { first, last };
  [[nodiscard]] Subscription subscribe(AccountId account, Listener listener,
                                       Order order = Order::last);
  void publish(std::span<const Change> changes);
  // Some changes may have been missed, nobody knows whose: calls every listener, with its account
  // and no tenant.
  void publish_gap();

 private:
  struct Entry {
    std::uint64_t id;
    Listener listener;
  };
  std::mutex mutex_;
  std::unordered_map<AccountId, std::vector<Entry>> listeners_;
  std::uint64_t next_id_ = 1;
};

}  // namespace fumi
