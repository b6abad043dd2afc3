#include "service/search/detail/lookup.h"

#include <algorithm>

#include "codec/fold.h"
#include "service/search/detail/builder.h"

namespace fumi::service::detail {
namespace {

using Postings = std::vector<Posting>;

// Documents of both; where they stand in both.
Postings both(const Postings& a, const Postings& b) {
  Postings out;
  for (auto i = a.begin(), k = b.begin(); i != a.end() && k != b.end();) {
    if (i->document < k->document) {
      ++i;
    } else if (k->document < i->document) {
      ++k;
    } else {
      out.push_back({i->document, std::uint8_t(i->where & k->where)});
      ++i;
      ++k;
    }
  }
  return out;
}

Postings either(const Postings& a, const Postings& b) {
  Postings out;
  out.reserve(a.size() + b.size());
  auto i = a.begin();
  auto k = b.begin();
  while (i != a.end() || k != b.end()) {
    if (k == b.end() || (i != a.end() && i->document < k->document)) {
      out.push_back(*i++);
    } else if (i == a.end() || k->document < i->document) {
      out.push_back(*k++);
    } else {
      out.push_back({i->document, std::uint8_t(i->where | k->where)});
      ++i;
      ++k;
    }
  }
  return out;
}

}  // namespace

Lookup::Lookup(const std::vector<Program::Text>& texts) {
  for (const Program::Text& text : texts) {
    Condition condition;
    const bool header = text.field == SearchQuery::Field::header;
    condition.where = classes_of(text.field, text.name);
    if (header) condition.name = piece(piece_kind::kFieldName, text.name);
    const codec::NeedleTerms needle = codec::needle_terms(text.needle);
    // Trace fields are known by name alone.
    if ((condition.where & text_class::kTrace) == 0) {
      for (const std::string& gram : needle.all)
        condition.all.push_back(piece(piece_kind::kGram, gram));
      for (const auto& [kind, what] : needle.any) {
        const bool gram = kind == codec::TermKind::gram;
        condition.any.push_back(piece(gram ? piece_kind::kGram : piece_kind::kWord, what));
      }
    }
    if (header) {
      if (text.needle.empty()) condition.means = Truth::yes;
    } else {
      // That it stands in some header field doesn't say in which; elsewhere a class is a field.
      if (needle.means == codec::NeedleTerms::Means::surely) condition.means = Truth::yes;
      if (!needle.word.empty()) condition.word = piece(piece_kind::kWord, needle.word);
    }
    conditions_.push_back(std::move(condition));
  }
}

std::size_t Lookup::piece(char kind, std::string_view text) {
  const std::string key = kind + std::string(text);
  const auto [found, added] = numbers_.emplace(key, pieces_.size());
  if (added) pieces_.push_back(key);
  return found->second;
}

Status Lookup::prepare(SearchStore& store, AccountId account) {
  FUMI_TRY(terms_, store.terms(account, pieces_));
  return {};
}

Result<std::vector<Lookup::Said>> Lookup::ask(SearchStore& store, AccountId account,
                                              SearchSegmentId segment) {
  std::vector<std::optional<Postings>> found(pieces_.size());
  auto find = [&](std::size_t number) -> Result<Postings> {
    if (!found[number]) {
      FUMI_TRY(const auto page, store.page(account, segment, terms_[number]));
      Postings postings;
      if (page) {
        FUMI_TRY(postings, find_postings(*page, terms_[number]));
      }
      found[number] = std::move(postings);
    }
    return *found[number];
  };
  std::vector<Said> out;
  for (const Condition& condition : conditions_) {
    FUMI_TRY(auto said, ask_condition(condition, find));
    out.push_back(std::move(said));
  }
  return out;
}

Result<Lookup::Said> Lookup::ask_condition(const Condition& condition,
                                           FunctionRef<Result<Postings>(std::size_t)> find) {
  Said said;
  std::optional<Postings> having;
  const auto narrow = [&](Postings postings) {
    std::erase_if(postings,
                  [&](const Posting& posting) { return (posting.where & condition.where) == 0; });
    having = having ? both(*having, postings) : std::move(postings);
  };
  if (condition.name) {
    FUMI_TRY(auto postings, find(*condition.name));
    narrow(std::move(postings));
  }
  for (const std::size_t gram : condition.all) {
    if (having && having->empty()) break;
    FUMI_TRY(auto postings, find(gram));
    narrow(std::move(postings));
  }
  if (!condition.any.empty() && (!having || !having->empty())) {
    Postings any;
    for (const std::size_t piece : condition.any) {
      FUMI_TRY(const auto postings, find(piece));
      any = either(any, postings);
    }
    narrow(std::move(any));
  }
  if (!having) {
    said.of = Said::Of::nothing_known;
    return said;
  }
  Postings sure;
  if (condition.word && !having->empty()) {
    FUMI_TRY(sure, find(*condition.word));
  }
  auto certain = sure.begin();
  for (const Posting& posting : *having) {
    if ((posting.where & condition.where) == 0) continue;
    while (certain != sure.end() && certain->document < posting.document)
      ++certain;
    const bool yes = certain != sure.end() && certain->document == posting.document &&
                     (certain->where & condition.where) != 0;
    said.documents.emplace_back(posting.document, yes ? Truth::yes : condition.means);
  }
  return said;
}

}  // namespace fumi::service::detail
