// QueryCache: the last results of queries and counts, so that paging through one costs no new
// evaluation and the changes since a result can be told exactly (RFC 8620 §5.6). Bounded; a result
// that has gone is answered by cannotCalculateChanges. Any thread.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/ports/email_store.h"

namespace fumi::jmap {

class QueryCache {
 public:
  explicit QueryCache(std::size_t octets_max = std::size_t{64} << 20U) : octets_max_(octets_max) {}

  using Ids = std::shared_ptr<const std::vector<std::string>>;  // shared with running calls

  // `query`: account, type, filter and sort in one text; `state`: of the account.
  [[nodiscard]] Ids find(const std::string& query, const std::string& state);
  void keep(const std::string& query, const std::string& state, Ids ids);

  // The mailboxes' counts of an account at a state: counting reads the whole account.
  using Counts = std::shared_ptr<const std::vector<MailboxCounts>>;  // shared with running calls
  [[nodiscard]] Counts find_counts(AccountId account, ModSeq state);
  void keep_counts(AccountId account, ModSeq state, Counts counts);

 private:
  struct Kept {
    std::string key;
    Ids ids;
    std::size_t octets = 0;
  };
  std::mutex mutex_;
  std::size_t octets_max_;
  std::size_t octets_ = 0;
  std::list<Kept> kept_;  // most recently used first
  std::unordered_map<std::string, std::list<Kept>::iterator> by_key_;
  std::unordered_map<AccountId, std::pair<ModSeq, Counts>> counts_;
};

}  // namespace fumi::jmap
