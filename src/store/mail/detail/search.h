// SearchStore over SQL: the search index of an account.
#pragma once

#include "domain/ports/search_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlSearch final : public SearchStore {
 public:
  explicit SqlSearch(Context& context) : context_(context) {}

  Result<std::vector<SearchTerm>> terms(AccountId account,
                                        std::span<const std::string> pieces) override;
  Result<std::vector<SearchSegment>> segments(AccountId account) override;
  Result<std::optional<SearchPage>> page(AccountId account, SearchSegmentId segment,
                                         SearchTerm term) override;
  Result<std::vector<SearchPage>> pages(AccountId account, SearchSegmentId segment,
                                        SearchTerm after, std::uint32_t limit) override;
  Result<std::vector<EmailId>> emails(AccountId account, EmailId after,
                                      std::uint32_t limit) override;
  Result<Progress> progress(AccountId account) override;
  Result<std::optional<SearchClaim>> claim(AccountId account, Instant now, Instant until) override;
  Status add_pages(const SearchClaim& claim, std::span<const SearchPage> pages) override;
  Status begin_segment(const SearchClaim& claim) override;
  Result<SearchClaim> commit(const SearchClaim& claim, const SearchSegment& segment,
                             std::span<const SearchSegmentId> replaced, Instant until) override;
  Result<bool> sweep(const SearchClaim& claim, std::uint32_t limit) override;
  Status release(const SearchClaim& claim, std::optional<ModSeq> indexed) override;
  Status reset(AccountId account) override;

 private:
  Status hold(const SearchClaim& claim);  // conflict: it is somebody else's
  Result<SearchPage> page_of(AccountId account, SearchSegmentId segment, const sql::Row& row);

  Context& context_;
};

}  // namespace fumi::store
