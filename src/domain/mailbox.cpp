#include "domain/mailbox.h"

#include <algorithm>

#include "base/ascii.h"

namespace fumi {
namespace {

bool keyword_less(const std::string& a, const std::string& b) {
  return std::ranges::lexicographical_compare(
      a, b, [](char x, char y) { return ascii::lower(x) < ascii::lower(y); });
}

void insert_keyword(std::vector<std::string>& keywords, const std::string& keyword) {
  const auto at = std::ranges::lower_bound(keywords, keyword, keyword_less);
  if (at != keywords.end() && ascii::iequals(*at, keyword)) return;
  keywords.insert(at, keyword);
}

}  // namespace

Flags apply(Flags current, FlagsOperation operation, const Flags& change) {
  switch (operation) {
    case FlagsOperation::replace:
      current.bits = change.bits;
      current.keywords.clear();
      for (const std::string& keyword : change.keywords)
        insert_keyword(current.keywords, keyword);
      break;
    case FlagsOperation::add:
      current.bits |= change.bits;
      for (const std::string& keyword : change.keywords)
        insert_keyword(current.keywords, keyword);
      break;
    case FlagsOperation::remove:
      current.bits &= ~change.bits;
      std::erase_if(current.keywords, [&](const std::string& keyword) {
        return std::ranges::any_of(change.keywords, [&](const std::string& gone) {
          return ascii::iequals(gone, keyword);
        });
      });
      break;
  }
  return current;
}

std::string keywords_text(const std::vector<std::string>& keywords) {
  std::string out;
  for (const std::string& keyword : keywords) {
    if (!out.empty()) out += ' ';
    out += keyword;
  }
  return out;
}

std::vector<std::string> keywords_of(std::string_view text) {
  std::vector<std::string> keywords;
  if (text.empty()) return keywords;
  for (const std::string_view keyword : ascii::split(text, ' '))
    keywords.emplace_back(keyword);
  return keywords;
}

}  // namespace fumi
