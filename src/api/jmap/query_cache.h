// QueryCache: the last results of queries and counts, so that paging through one costs no new
// evaluation and the changes since a result can be told exactly (RFC 8620 §5.6). Bounded. Any
// thread.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/jmap/email_result.h"
#include "domain/ports/email_store.h"

namespace fumi::jmap {

class QueryCache {
 public:
  explicit QueryCache(std::size_t octets_max = std::size_t{64} << 20U) : octets_max_(octets_max) {}

  using Ids = std::shared_ptr<const std::vector<std::string>>;  // shared with running calls

  // `query`: account, type, filter and sort in one text; `state`: of the account.
  [[nodiscard]] Ids find(const std::string& query, const std::string& state);
  void keep(const std::string& query, const std::string& state, Ids ids);

  // The newest result of an Email/query, of whatever state: it is brought on from there.
  using Emails = std::shared_ptr<const EmailResult>;  // shared with running calls
  [[nodiscard]] Emails find_emails(const std::string& query);
  void keep_emails(const std::string& query, Emails result);

  // Emails that filters were asked about, ever: for metrics.
  void count_judged(std::size_t emails) { judged_.fetch_add(emails); }
  [[nodiscard]] std::uint64_t emails_judged() const { return judged_.load(); }

  // The mailboxes' counts of an account at a state: counting reads the whole account.
  using Counts = std::shared_ptr<const std::vector<MailboxCounts>>;  // shared with running calls
  [[nodiscard]] Counts find_counts(AccountId account, ModSeq state);
  void keep_counts(AccountId account, ModSeq state, Counts counts);

 private:
  struct Kept {
    std::string key;
    Ids ids;        // either this
    Emails emails;  // or this
    std::size_t octets = 0;
  };
  [[nodiscard]] Kept* touch(const std::string& key);
  void put(Kept kept);
  void forget(std::list<Kept>::iterator kept);

  std::mutex mutex_;
  std::size_t octets_max_;
  std::size_t octets_ = 0;
  std::list<Kept> kept_;  // most recently used first
  std::unordered_map<std::string, std::list<Kept>::iterator> by_key_;
  std::unordered_map<AccountId, std::pair<ModSeq, Counts>> counts_;
  std::atomic<std::uint64_t> judged_{0};
};

}  // namespace fumi::jmap
