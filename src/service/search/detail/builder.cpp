#include "service/search/detail/builder.h"

#include <algorithm>
#include <numeric>

#include "codec/fold.h"

namespace fumi::service::detail {
namespace {

// In order, one of each document, which stands wherever any of them does.
void unite(std::vector<Posting>& postings) {
  if (postings.empty()) return;
  std::ranges::sort(postings, {}, &Posting::document);
  std::size_t kept = 0;
  for (std::size_t k = 1; k < postings.size(); ++k) {
    if (postings[k].document == postings[kept].document) {
      postings[kept].where |= postings[k].where;
    } else {
      postings[++kept] = postings[k];
    }
  }
  postings.resize(kept + 1);
}

}  // namespace

void SegmentBuilder::new_piece(char kind, std::string_view piece) {
  pieces_.push_back(std::string(1, kind).append(piece));
  piece_octets_ += pieces_.back().size();
  postings_.emplace_back();
}

void SegmentBuilder::add_short(std::uint64_t key, std::string_view piece, std::uint8_t where) {
  Posted& last = posted_[ShortPieces::hash_of(key) >> 54U];
  const auto documents = std::uint32_t(documents_.size());
  if (last.key == key && last.documents == documents && last.where == where) return;
  last = {key, documents, where};
  const auto next = std::uint32_t(pieces_.size());
  const std::uint32_t number = short_numbers_.find_or_add(key, next);
  if (number == next) new_piece(ShortPieces::kind_of(key), piece);
  post(number, where);
}

void SegmentBuilder::add_piece(char kind, std::string_view piece, std::uint8_t where) {
  if (piece.size() <= ShortPieces::kOctetsMax) {
    add_short(ShortPieces::key_of(kind, piece), piece, where);
    return;
  }
  key_.assign(1, kind);
  key_ += piece;
  auto found = numbers_.find(std::string_view(key_));
  if (found == numbers_.end()) {
    found = numbers_.emplace(key_, std::uint32_t(pieces_.size())).first;
    new_piece(kind, piece);
  }
  post(found->second, where);
}

void SegmentBuilder::post(std::uint32_t number, std::uint8_t where) {
  std::vector<Posting>& postings = postings_[number];
  const auto document = std::uint32_t(documents_.size() - 1);
  if (!postings.empty() && postings.back().document == document) {
    postings.back().where |= where;
  } else {
    postings.push_back({document, where});
    ++posting_count_;
  }
}

void SegmentBuilder::add(const Document& document, SearchDocument text) {
  documents_.push_back(document);
  for (SearchDocument::Section& section : text.sections) {
    const std::uint8_t where = section.where;
    if (!section.name.empty()) add_piece(piece_kind::kFieldName, section.name, where);
    if (where == text_class::kTrace) continue;  // looked into by name alone
    codec::cut_terms(section.text, [&](codec::TermKind kind, std::string_view piece) {
      add_piece(kind == codec::TermKind::gram ? piece_kind::kGram : piece_kind::kWord, piece,
                where);
    });
  }
}

std::uint64_t SegmentBuilder::octets() const {
  // Strings twice, a node of the map, the vector of postings.
  constexpr std::uint64_t kOfPiece = 2 * sizeof(std::string) + 32 + sizeof(std::vector<Posting>);
  return pieces_.size() * kOfPiece + 2 * piece_octets_ + 2 * posting_count_ * sizeof(Posting) +
         short_numbers_.octets();
}

void SegmentBuilder::write(std::span<const SearchTerm> terms, PageWriter& out) const {
  std::vector<std::uint32_t> order(terms.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return terms[i]; });
  std::vector<Posting> both;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::vector<Posting>* postings = &postings_[order[i]];
    // Two pieces of one term (a clash of hashes): either's texts are candidates.
    if (i + 1 < order.size() && terms[order[i]] == terms[order[i + 1]]) {
      both = *postings;
      while (i + 1 < order.size() && terms[order[i]] == terms[order[i + 1]]) {
        ++i;
        both.insert(both.end(), postings_[order[i]].begin(), postings_[order[i]].end());
      }
      unite(both);
      postings = &both;
    }
    out.add(terms[order[i]], *postings);
  }
  out.finish();
}

Merge::Merge(std::vector<Input> inputs, std::span<const EmailId> live) {
  struct From {
    EmailId email;
    std::size_t source, number;
  };
  std::vector<From> all;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t k = 0; k < inputs[i].documents.size(); ++k)
      all.push_back({inputs[i].documents[k].email, i, k});
    Source source;
    source.id = inputs[i].id;
    source.numbers.assign(inputs[i].documents.size(), kGone);
    sources_.push_back(std::move(source));
  }
  std::ranges::sort(all, {}, &From::email);
  auto there = live.begin();
  for (const From& from : all) {
    while (there != live.end() && *there < from.email)
      ++there;
    if (there == live.end() || *there != from.email) continue;
    // What an email's files say is a document beside its own, in another segment.
    if (documents_.empty() || documents_.back().email != from.email) {
      documents_.push_back(inputs[from.source].documents[from.number]);
    }
    sources_[from.source].numbers[from.number] = std::uint32_t(documents_.size() - 1);
  }
}

std::vector<Merge::Need> Merge::needs() const {
  std::vector<Need> out;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const Source& source = sources_[i];
    if (!source.reader && !source.ended) out.push_back({i, source.id, source.last});
  }
  return out;
}

void Merge::feed(std::size_t input, std::vector<SearchPage> pages) {
  Source& source = sources_[input];
  if (pages.empty()) {
    source.ended = true;
    return;
  }
  source.last = pages.back().first;
  source.pages = std::move(pages);
  source.at = 0;
  source.reader.emplace(source.pages.front());
}

// To the next term, if the pages at hand have one.
Status Merge::step(Source& source) {
  while (source.reader) {
    FUMI_TRY(const bool more, source.reader->next());
    if (more) return {};
    source.reader.reset();
    if (++source.at < source.pages.size()) source.reader.emplace(source.pages[source.at]);
  }
  return {};
}

Status Merge::take(Source& source, std::vector<Posting>& into) {
  FUMI_TRY(const std::vector<Posting> postings, source.reader->postings());
  for (const Posting& posting : postings) {
    if (posting.document >= source.numbers.size()) {
      return fail(Code::corrupt, "merging the search index", "no such document");
    }
    const std::uint32_t number = source.numbers[posting.document];
    if (number != kGone) into.push_back({number, posting.where});
  }
  return step(source);
}

Status Merge::advance() {
  for (Source& source : sources_) {
    // Just fed: it stands before its first term.
    if (source.reader && !source.reader->on_term()) FUMI_CHECK(step(source));
  }
  std::vector<Posting> postings;
  for (;;) {
    std::optional<SearchTerm> least;
    for (const Source& source : sources_) {
      if (!source.reader && !source.ended) return {};
      if (source.reader && (!least || source.reader->term() < *least)) {
        least = source.reader->term();
      }
    }
    if (!least) break;
    postings.clear();
    for (Source& source : sources_) {
      if (source.reader && source.reader->term() == *least) FUMI_CHECK(take(source, postings));
    }
    unite(postings);
    if (!postings.empty()) out_.add(*least, postings);
  }
  return {};
}

std::vector<SearchSegmentId> Merge::replaced() const {
  std::vector<SearchSegmentId> out;
  for (const Source& source : sources_)
    out.push_back(source.id);
  return out;
}

}  // namespace fumi::service::detail
