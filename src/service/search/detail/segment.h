// The forms in which the index is stored: a segment's list of documents, and its pages of postings.
//
//   list   version, count, then a document: id (difference to the one before), thread (difference
//          to the id), day of the Date field, attachment or not
//   page   version, then a term: difference to the one before, octets, postings; a posting: number
//          of the document (difference) and where the term stands, which costs an octet only where
//          it isn't the body alone
//
// Numbers are in base 128, least first. Readers trust nothing: damaged bytes are Code::corrupt.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ports/search_store.h"
#include "service/search/detail/program.h"

namespace fumi::service::detail {

struct Document {
  EmailId email;
  EmailFacts facts;
};

// Ascending by email; a document's number is its place.
[[nodiscard]] std::string encode_documents(std::span<const Document> documents);
[[nodiscard]] Result<std::vector<Document>> decode_documents(std::string_view list);

struct Posting {
  std::uint32_t document = 0;
  std::uint8_t where = 0;  // text_class bits
  bool operator==(const Posting&) const = default;
};

// Cuts a run of terms into pages of about kPageOctets; a term is never cut.
class PageWriter {
 public:
  static constexpr std::size_t kPageOctets = 8'000;

  // Terms ascend; postings ascend by document.
  void add(SearchTerm term, std::span<const Posting> postings);
  // The pages that are complete (all, once finished), and forgets them.
  [[nodiscard]] std::vector<SearchPage> take();
  void finish();
  [[nodiscard]] std::uint64_t octets() const { return octets_; }  // of all pages so far

 private:
  std::vector<SearchPage> done_;
  SearchPage page_;
  SearchTerm last_;
  std::uint64_t octets_ = 0;
};

// Walks a page's terms.
class PageReader {
 public:
  explicit PageReader(const SearchPage& page);
  // false at the end. `postings` are decoded by postings().
  [[nodiscard]] Result<bool> next();
  [[nodiscard]] bool on_term() const { return state_ == State::good; }  // next() has been true
  [[nodiscard]] SearchTerm term() const { return term_; }
  [[nodiscard]] Result<std::vector<Posting>> postings() const;

 private:
  std::string_view rest_;
  SearchTerm term_;
  std::string_view postings_;
  enum class State : std::uint8_t { start, good, bad } state_ = State::start;
};

// The postings of a term; none if the page hasn't got it.
[[nodiscard]] Result<std::vector<Posting>> find_postings(const SearchPage& page, SearchTerm term);

}  // namespace fumi::service::detail
