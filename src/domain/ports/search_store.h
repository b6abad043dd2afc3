// SearchStore: where the search index of an account is kept. What it means is service/search's
// business; here are segments of sealed pages, found by blinded terms.
//
// A segment is immutable: pages in the order of their terms, and a list of its documents. It is
// written page by page, and counts from commit() on, in the same transaction that takes away what
// it replaces. Whoever writes holds the account's claim; a claim that has run out is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/ids.h"

namespace fumi {

// 63 bits of a blind index over the account's id and a piece of text: tells nobody without the
// tenant's key what the piece is, nor whether two accounts share it. Never 0.
using SearchTerm = StrongId<struct SearchTermTag>;
using SearchSegmentId = StrongId<struct SearchSegmentTag>;  // ascends within an account

struct SearchSegment {
  SearchSegmentId id;
  std::uint32_t documents = 0;
  std::uint64_t octets = 0;  // of its pages
  std::string list;          // of its documents, service/search's form
};

struct SearchPage {
  SearchTerm first;  // its smallest term
  std::string body;
};

struct SearchClaim {
  AccountId account;
  std::uint64_t generation = 0;
  SearchSegmentId next_segment;  // the id that the next segment must have
  ModSeq change;                 // the account's counter when it was claimed
};

struct SearchBacklog {
  TenantId tenant;
  AccountId account;
};

class SearchStore {
 public:
  virtual ~SearchStore() = default;

  // The terms of pieces, in their order.
  virtual Result<std::vector<SearchTerm>> terms(AccountId account,
                                                std::span<const std::string> pieces) = 0;
  virtual Result<std::vector<SearchSegment>> segments(AccountId account) = 0;  // by id
  // The page that has the term, if any has.
  virtual Result<std::optional<SearchPage>> page(AccountId account, SearchSegmentId segment,
                                                 SearchTerm term) = 0;
  // Pages with `first` beyond `after`, in order.
  virtual Result<std::vector<SearchPage>> pages(AccountId account, SearchSegmentId segment,
                                                SearchTerm after, std::uint32_t limit) = 0;
  // Ids of the account's emails beyond `after`, ascending.
  virtual Result<std::vector<EmailId>> emails(AccountId account, EmailId after,
                                              std::uint32_t limit) = 0;
  // The account's counter, and up to where everything is indexed (0: nothing is).
  struct Progress {
    ModSeq change, indexed;
  };
  virtual Result<Progress> progress(AccountId account) = 0;  // not_found

  // The right to write, until `until`; nothing if somebody has it. not_found: no such account.
  virtual Result<std::optional<SearchClaim>> claim(AccountId account, Instant now,
                                                   Instant until) = 0;
  // What follows fails with conflict when the claim has gone to somebody else.
  virtual Status add_pages(const SearchClaim& claim, std::span<const SearchPage> pages) = 0;
  // `segment.id` is claim.next_segment; what remains of an attempt that broke off goes first.
  virtual Status begin_segment(const SearchClaim& claim) = 0;
  // The claim goes on with what is returned, until `until`.
  virtual Result<SearchClaim> commit(const SearchClaim& claim, const SearchSegment& segment,
                                     std::span<const SearchSegmentId> replaced, Instant until) = 0;
  // Deletes up to `limit` pages that were replaced; false: there are no more.
  virtual Result<bool> sweep(const SearchClaim& claim, std::uint32_t limit) = 0;
  // Ends the claim; everything up to `indexed` is in the index (nullopt: not known).
  virtual Status release(const SearchClaim& claim, std::optional<ModSeq> indexed) = 0;
  // Forgets the index: everything is to be indexed anew, and text of attached files extracted
  // again. Ends any claim.
  virtual Status reset(AccountId account) = 0;
};

}  // namespace fumi
