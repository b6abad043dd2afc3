// Context: one transaction in a tenant's scope; each statement gets the tenant as $1.
#pragma once

#include <array>
#include <concepts>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/key_ring.h"
#include "domain/change_bus.h"
#include "domain/scope.h"
#include "store/mail/detail/purposes.h"
#include "store/mail/store.h"
#include "store/sql/session.h"

namespace fumi::store {

// The key of a row, big-endian, as additional data: a ciphertext opens in its own row only.
class Aad {
 public:
  template <class... Ids>
  explicit Aad(Ids... ids) {
    static_assert(sizeof...(ids) <= 4);
    (add(ids), ...);
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  void add(std::integral auto value) { add_number(static_cast<std::uint64_t>(value)); }
  template <class Tag>
  void add(StrongId<Tag> id) {
    add_number(id.value());
  }
  void add_number(std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes_[size_++] = static_cast<char>(value >> shift & 0xffU);
  }
  std::array<char, 32> bytes_{};
  std::size_t size_ = 0;
};

// What all transactions of a store share.
struct Shared {
  SqlStoreParts parts;
  SqlStoreOptions options;
  std::string sender;  // "@…": marks this store's notifications as its own
  std::mutex mutex;
  std::set<int> record_days;  // days whose table is there for certain

  [[nodiscard]] Instant now() const { return parts.clock.now(); }
  [[nodiscard]] bool has_day(int day) {
    const std::scoped_lock lock(mutex);
    return record_days.contains(day);
  }
};

// What is to be done once the transaction has been committed; cleared at each run of the closure.
struct Effects {
  std::vector<Change> changes;
  std::set<int> record_days;
};

class Context {
 public:
  Context(Shared& shared, sql::Session& session, const TenantScope& scope, Effects& effects)
      : shared_(shared), session_(session), scope_(scope), effects_(effects) {}

  [[nodiscard]] const TenantScope& scope() const { return scope_; }
  [[nodiscard]] TenantId tenant() const { return scope_.tenant; }
  [[nodiscard]] Shared& shared() const { return shared_; }
  [[nodiscard]] sql::Session& session() const { return session_; }
  [[nodiscard]] Effects& effects() const { return effects_; }
  [[nodiscard]] Instant now() const { return shared_.now(); }
  template <class Id>
  [[nodiscard]] Id next_id() const {
    return shared_.parts.ids.next<Id>();
  }

  template <class... Args>
  [[nodiscard]] Result<std::int64_t> execute(const sql::Statement& statement, const Args&... args) {
    return session_.execute(statement, tenant(), args...);
  }
  // Where the number of rows doesn't matter.
  template <class... Args>
  [[nodiscard]] Status run(const sql::Statement& statement, const Args&... args) {
    auto rows = session_.execute(statement, tenant(), args...);
    if (!rows) return std::unexpected(std::move(rows).error());
    return {};
  }
  template <class F, class... Args>
  [[nodiscard]] Status query(const sql::Statement& statement, F&& visit, const Args&... args) {
    return session_.query(statement, std::forward<F>(visit), tenant(), args...);
  }
  template <class F, class... Args>
  [[nodiscard]] auto one(const sql::Statement& statement, F&& map, const Args&... args) {
    return session_.one(statement, std::forward<F>(map), tenant(), args...);
  }

  // The tenant's keys. not_found: no such tenant, or its key was destroyed.
  [[nodiscard]] Result<const crypto::TenantKeys*> keys();
  [[nodiscard]] Result<std::string> seal(std::string_view purpose, std::string_view plain,
                                         const Aad& aad);
  [[nodiscard]] Result<std::string> open(std::string_view purpose, std::string_view sealed,
                                         const Aad& aad);
  [[nodiscard]] Result<crypto::BlindIndex> blind(std::string_view purpose, std::string_view text);
  // 63 bits of the blind index, never 0.
  [[nodiscard]] Result<std::int64_t> blind63(std::string_view purpose, std::string_view text);
  // Tells other sessions after the commit; a mailbox of 0 is the account's list of mailboxes.
  void changed(AccountId account, MailboxId mailbox);

 private:
  Shared& shared_;
  sql::Session& session_;
  TenantScope scope_;
  Effects& effects_;
  std::shared_ptr<const crypto::TenantKeys> keys_;  // shared with the key ring
};

}  // namespace fumi::store
