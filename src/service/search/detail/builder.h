// SegmentBuilder: a segment of new mail, made in memory; Merge: one segment made of several.
#pragma once

#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "service/search/detail/segment.h"
#include "service/search/detail/short_pieces.h"
#include "service/search/document.h"

namespace fumi::service::detail {

// A piece as SearchStore::terms() is asked for it: its kind, then itself.
namespace piece_kind {
inline constexpr char kGram = 'g';
inline constexpr char kWord = 'w';
inline constexpr char kFieldName = 'n';  // there is a header field of this lower-case name
}  // namespace piece_kind

class SegmentBuilder {
 public:
  // Documents ascend by email. The text is in DocumentOptions::Form::keeping_kana.
  void add(const Document& document, SearchDocument text);
  [[nodiscard]] const std::vector<Document>& documents() const { return documents_; }
  [[nodiscard]] std::uint64_t octets() const;  // of memory, about

  // `terms` are those of pieces(), in their order.
  [[nodiscard]] const std::vector<std::string>& pieces() const { return pieces_; }
  void write(std::span<const SearchTerm> terms, PageWriter& out) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  void add_piece(char kind, std::string_view piece, std::uint8_t where);
  void add_short(std::uint64_t key, std::string_view piece, std::uint8_t where);
  void post(std::uint32_t number, std::uint8_t where);
  void new_piece(char kind, std::string_view piece);

  std::vector<Document> documents_;
  // Short pieces that the document at hand has posted a moment ago, most of a text: by a hash, the
  // last one stays.
  struct Posted {
    std::uint64_t key = 0;
    std::uint32_t documents = 0;  // how many there were then
    std::uint8_t where = 0;
  };
  std::array<Posted, 1024> posted_{};
  ShortPieces short_numbers_;  // of pieces up to its limit; of longer ones:
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
  std::vector<std::string> pieces_;
  std::vector<std::vector<Posting>> postings_;  // by number of piece
  std::uint64_t piece_octets_ = 0;
  std::uint64_t posting_count_ = 0;
  std::string key_;
};

// Merges segments page by page, so that memory doesn't grow with them; leaves out what is gone.
class Merge {
 public:
  struct Input {
    SearchSegmentId id;
    std::vector<Document> documents;
  };
  // `live` are the emails that are still there, ascending.
  Merge(std::vector<Input> inputs, std::span<const EmailId> live);

  // An input that has run out of pages and needs those beyond a term. None: all is merged.
  struct Need {
    std::size_t input = 0;
    SearchSegmentId segment;
    SearchTerm after;
  };
  [[nodiscard]] std::vector<Need> needs() const;
  void feed(std::size_t input, std::vector<SearchPage> pages);  // none: there are no more
  // Goes on until an input has run out of pages. corrupt.
  [[nodiscard]] Status advance();

  [[nodiscard]] PageWriter& out() { return out_; }
  [[nodiscard]] const std::vector<Document>& documents() const { return documents_; }
  [[nodiscard]] std::vector<SearchSegmentId> replaced() const;

 private:
  static constexpr std::uint32_t kGone = std::numeric_limits<std::uint32_t>::max();
  struct Source {
    SearchSegmentId id;
    std::vector<std::uint32_t> numbers;  // old number of a document to new
    std::vector<SearchPage> pages;
    std::size_t at = 0;
    std::optional<PageReader> reader;  // stands on a term; none: pages are needed, or it's ended
    SearchTerm last;
    bool ended = false;
  };
  [[nodiscard]] static Status step(Source& source);
  [[nodiscard]] Status take(Source& source, std::vector<Posting>& into);

  std::vector<Source> sources_;
  std::vector<Document> documents_;
  PageWriter out_;
};

}  // namespace fumi::service::detail
