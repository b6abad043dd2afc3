#include "store/mail/detail/search.h"

#include "store/mail/detail/attachment_texts.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

#define FUMI_OF_ACCOUNT " WHERE tenant_id = $1 AND account_id = $2"

constexpr Statement kSegments{
    "SELECT segment_id, documents, octets, list FROM search_segments" FUMI_OF_ACCOUNT
    " AND dropped = 0 ORDER BY segment_id"};
constexpr Statement kPage{"SELECT first_term, body FROM search_pages" FUMI_OF_ACCOUNT
                          " AND segment_id = $3 AND first_term <= $4"
                          " ORDER BY first_term DESC LIMIT 1"};
constexpr Statement kPages{"SELECT first_term, body FROM search_pages" FUMI_OF_ACCOUNT
                           " AND segment_id = $3 AND first_term > $4 ORDER BY first_term LIMIT $5"};
constexpr Statement kEmails{"SELECT email_id FROM emails" FUMI_OF_ACCOUNT
                            " AND email_id > $3 ORDER BY email_id LIMIT $4"};
constexpr Statement kProgress{
    "SELECT a.change, s.indexed FROM accounts a LEFT JOIN search_accounts s"
    " ON s.tenant_id = a.tenant_id AND s.account_id = a.account_id"
    " WHERE a.tenant_id = $1 AND a.account_id = $2"};
constexpr Statement kClaim{
    "INSERT INTO search_accounts (tenant_id, account_id, generation, next_segment, indexed,"
    " lease_until) VALUES ($1, $2, 1, 1, 0, $4)"
    " ON CONFLICT (tenant_id, account_id) DO UPDATE SET"
    " generation = search_accounts.generation + 1, lease_until = $4"
    " WHERE search_accounts.lease_until <= $3 RETURNING generation, next_segment"};
constexpr Statement kHold{"UPDATE search_accounts SET lease_until = lease_until" FUMI_OF_ACCOUNT
                          " AND generation = $3"};
constexpr Statement kAdvance{
    "UPDATE search_accounts SET lease_until = $4, next_segment = next_segment + 1" FUMI_OF_ACCOUNT
    " AND generation = $3"};
constexpr Statement kRelease{
    "UPDATE search_accounts SET lease_until = 0, indexed = COALESCE($4, indexed)" FUMI_OF_ACCOUNT
    " AND generation = $3"};
constexpr Statement kReset{
    "UPDATE search_accounts SET lease_until = 0, indexed = 0,"
    " generation = generation + 1" FUMI_OF_ACCOUNT};
constexpr Statement kInsertPage{
    "INSERT INTO search_pages (tenant_id, account_id, segment_id, first_term, body)"
    " VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement kInsertSegment{
    "INSERT INTO search_segments (tenant_id, account_id, segment_id, dropped, documents, octets,"
    " list) VALUES ($1, $2, $3, 0, $4, $5, $6)"};
constexpr Statement kDeletePages{"DELETE FROM search_pages" FUMI_OF_ACCOUNT " AND segment_id = $3"};
constexpr Statement kDrop{"UPDATE search_segments SET dropped = 1" FUMI_OF_ACCOUNT
                          " AND segment_id = $3"};
constexpr Statement kDropAll{"UPDATE search_segments SET dropped = 1" FUMI_OF_ACCOUNT};
constexpr Statement kDropped{"SELECT segment_id FROM search_segments" FUMI_OF_ACCOUNT
                             " AND dropped = 1 ORDER BY segment_id LIMIT 1"};
constexpr Statement kSweep{
    "DELETE FROM search_pages" FUMI_OF_ACCOUNT
    " AND segment_id = $3 AND first_term IN (SELECT first_term FROM search_pages" FUMI_OF_ACCOUNT
    " AND segment_id = $3 ORDER BY first_term LIMIT $4)"};
constexpr Statement kDeleteSegment{"DELETE FROM search_segments" FUMI_OF_ACCOUNT
                                   " AND segment_id = $3"};

constexpr const char* kDoing = "keeping the search index";

}  // namespace

Result<std::vector<SearchTerm>> SqlSearch::terms(AccountId account,
                                                 std::span<const std::string> pieces) {
  std::vector<SearchTerm> out;
  out.reserve(pieces.size());
  std::string text = account.text() + " ";
  const std::size_t prefix = text.size();
  for (const std::string& piece : pieces) {
    text.resize(prefix);
    text += piece;
    FUMI_TRY(const std::int64_t term, context_.blind63(purpose::kSearchTerm, text));
    out.emplace_back(static_cast<std::uint64_t>(term));
  }
  return out;
}

Result<std::vector<SearchSegment>> SqlSearch::segments(AccountId account) {
  std::vector<SearchSegment> out;
  auto each = [&](const Row& row) -> Status {
    SearchSegment segment;
    segment.id = row.id<SearchSegmentId>(0);
    segment.documents = static_cast<std::uint32_t>(row.int64(1));
    segment.octets = static_cast<std::uint64_t>(row.int64(2));
    FUMI_TRY(segment.list,
             context_.open(purpose::kSearchList, row.blob(3), Aad(account, segment.id)));
    out.push_back(std::move(segment));
    return {};
  };
  FUMI_CHECK(context_.query(kSegments, each, account));
  return out;
}

Result<SearchPage> SqlSearch::page_of(AccountId account, SearchSegmentId segment, const Row& row) {
  SearchPage page;
  page.first = row.id<SearchTerm>(0);
  FUMI_TRY(page.body,
           context_.open(purpose::kSearchPage, row.blob(1), Aad(account, segment, page.first)));
  return page;
}

Result<std::optional<SearchPage>> SqlSearch::page(AccountId account, SearchSegmentId segment,
                                                  SearchTerm term) {
  auto map = [&](const Row& row) { return page_of(account, segment, row); };
  return context_.one(kPage, map, account, segment, term);
}

Result<std::vector<SearchPage>> SqlSearch::pages(AccountId account, SearchSegmentId segment,
                                                 SearchTerm after, std::uint32_t limit) {
  std::vector<SearchPage> out;
  auto each = [&](const Row& row) -> Status {
    FUMI_TRY(auto page, page_of(account, segment, row));
    out.push_back(std::move(page));
    return {};
  };
  FUMI_CHECK(context_.query(kPages, each, account, segment, after, limit));
  return out;
}

Result<std::vector<EmailId>> SqlSearch::emails(AccountId account, EmailId after,
                                               std::uint32_t limit) {
  std::vector<EmailId> out;
  auto each = [&](const Row& row) { out.push_back(row.id<EmailId>(0)); };
  FUMI_CHECK(context_.query(kEmails, each, account, after, limit));
  return out;
}

Result<SearchStore::Progress> SqlSearch::progress(AccountId account) {
  auto map = [](const Row& row) { return Progress{row.id<ModSeq>(0), row.id<ModSeq>(1)}; };
  FUMI_TRY(const auto found, context_.one(kProgress, map, account));
  if (!found) return fail(Code::not_found, kDoing, "no such account");
  return *found;
}

Result<std::optional<SearchClaim>> SqlSearch::claim(AccountId account, Instant now, Instant until) {
  FUMI_TRY(const Progress now_at, progress(account));
  auto map = [&](const Row& row) {
    return SearchClaim{account, static_cast<std::uint64_t>(row.int64(0)),
                       row.id<SearchSegmentId>(1), now_at.change};
  };
  return context_.one(kClaim, map, account, now, until);
}

// Locks the row on PostgreSQL, so that nobody claims it before this transaction has ended.
Status SqlSearch::hold(const SearchClaim& claim) {
  FUMI_TRY(const auto rows, context_.execute(kHold, claim.account, claim.generation));
  if (rows == 0) return fail(Code::conflict, kDoing, "somebody else works on it");
  return {};
}

Status SqlSearch::begin_segment(const SearchClaim& claim) {
  FUMI_CHECK(hold(claim));
  return context_.run(kDeletePages, claim.account, claim.next_segment);
}

Status SqlSearch::add_pages(const SearchClaim& claim, std::span<const SearchPage> pages) {
  FUMI_CHECK(hold(claim));
  for (const SearchPage& page : pages) {
    FUMI_TRY(const auto sealed, context_.seal(purpose::kSearchPage, page.body,
                                              Aad(claim.account, claim.next_segment, page.first)));
    FUMI_CHECK(
        context_.run(kInsertPage, claim.account, claim.next_segment, page.first, Blob{sealed}));
  }
  return {};
}

Result<SearchClaim> SqlSearch::commit(const SearchClaim& claim, const SearchSegment& segment,
                                      std::span<const SearchSegmentId> replaced, Instant until) {
  if (segment.id != claim.next_segment) return fail(Code::invalid, kDoing, "not its segment");
  FUMI_TRY(const auto rows, context_.execute(kAdvance, claim.account, claim.generation, until));
  if (rows == 0) return fail(Code::conflict, kDoing, "somebody else works on it");
  FUMI_TRY(const auto sealed,
           context_.seal(purpose::kSearchList, segment.list, Aad(claim.account, segment.id)));
  FUMI_CHECK(context_.run(kInsertSegment, claim.account, segment.id, segment.documents,
                          segment.octets, Blob{sealed}));
  for (const SearchSegmentId old : replaced)
    FUMI_CHECK(context_.run(kDrop, claim.account, old));
  SearchClaim next = claim;
  next.next_segment = SearchSegmentId(claim.next_segment.value() + 1);
  return next;
}

Result<bool> SqlSearch::sweep(const SearchClaim& claim, std::uint32_t limit) {
  FUMI_CHECK(hold(claim));
  auto map = [](const Row& row) { return row.id<SearchSegmentId>(0); };
  FUMI_TRY(const auto segment, context_.one(kDropped, map, claim.account));
  if (!segment) return false;
  FUMI_TRY(const auto rows, context_.execute(kSweep, claim.account, *segment, limit));
  if (rows < std::int64_t{limit}) {
    FUMI_CHECK(context_.run(kDeleteSegment, claim.account, *segment));
  }
  return true;
}

Status SqlSearch::release(const SearchClaim& claim, std::optional<ModSeq> indexed) {
  FUMI_TRY(const auto rows, context_.execute(kRelease, claim.account, claim.generation, indexed));
  if (rows == 0) return fail(Code::conflict, kDoing, "somebody else works on it");
  return {};
}

Status SqlSearch::reset(AccountId account) {
  FUMI_TRY([[maybe_unused]] const Progress there, progress(account));
  FUMI_CHECK(context_.run(kDropAll, account));
  FUMI_CHECK(SqlAttachmentTexts(context_).want_all(account));
  return context_.run(kReset, account);
}

}  // namespace fumi::store
