// Slots: how many things of one account are under way at the same time. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "domain/ids.h"

namespace fumi::jmap {

class Slots {
 public:
  explicit Slots(std::uint32_t most) : most_(most) {}

  // Gives itself back when it dies; the Slots must outlive it.
  class Slot {
   public:
    Slot(Slots& slots, AccountId account) : slots_(slots), account_(account) {}
    ~Slot() { slots_.give_back(account_); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    Slots& slots_;
    AccountId account_;
  };

  // nullptr: the account has as many as it may.
  [[nodiscard]] std::unique_ptr<Slot> take(AccountId account);

 private:
  void give_back(AccountId account);

  const std::uint32_t most_;
  std::mutex mutex_;
  std::map<AccountId, std::uint32_t> taken_;
};

}  // namespace fumi::jmap
