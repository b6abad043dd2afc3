// SORT and THREAD (RFC 5256 §5, RFC 5957 §5, RFC 5267 §3.1).
#include <array>

#include "base/ascii.h"
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

struct Name {
  std::string_view word;
  SortCriterion::Key key;
};
constexpr std::array kKeys{
    Name{"ARRIVAL", SortCriterion::Key::arrival},
    Name{"CC", SortCriterion::Key::cc},
    Name{"DATE", SortCriterion::Key::date},
    Name{"DISPLAYFROM", SortCriterion::Key::display_from},
    Name{"DISPLAYTO", SortCriterion::Key::display_to},
    Name{"FROM", SortCriterion::Key::from},
    Name{"SIZE", SortCriterion::Key::size},
    Name{"SUBJECT", SortCriterion::Key::subject},
    Name{"TO", SortCriterion::Key::to},
};

// sort-criterion = ["REVERSE" SP] sort-key
bool sort_criterion(Parser& p, Sort& out, std::string& word) {
  SortCriterion criterion;
  word = p.keyword();
  if (word == "REVERSE") {
    criterion.order = SortCriterion::Order::descending;
    if (!p.sp()) return false;
    word = p.keyword();
  }
  if (word == "RELEVANCY") return true;  // RFC 6203 §6: all that matches is equally relevant
  for (const Name& name : kKeys) {
    if (word != name.word) continue;
    criterion.key = name.key;
    out.criteria.push_back(criterion);
    return true;
  }
  (void)p.fail("unknown sort key");
  return false;
}

// sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"
bool sort_criteria(Parser& p, Sort& out) {
  if (!p.expect('(')) return false;
  std::size_t count = 0;
  do {
    if (++count > p.limits().sort_criteria) {
      (void)p.fail("too many sort criteria");
      return false;
    }
    std::string word;
    if (!sort_criterion(p, out, word)) return false;
    if (word == "RELEVANCY") out.search.wanted.relevancy = true;  // checked, then taken back
  } while (p.take(' '));
  return p.expect(')');
}

// search-criteria = charset 1*(SP search-key); charset = atom / quoted
bool search_criteria(Parser& p, Search& out) {
  const auto charset = p.astring();
  return charset && known_charset(p, *charset) && p.sp() && search_program(p, out);
}

// sort = "SORT" [SP search-return-opts] SP sort-criteria SP search-criteria
Parsed sort(Parser& p, By by) {
  Sort out;
  out.search.by = by;
  out.search.wanted.all = true;
  if (!p.sp()) return std::nullopt;
  if (take_word(p, "RETURN")) {
    out.search.answer = Search::Answer::esearch;
    if (!search_return_opts(p, out.search.wanted) || !p.sp()) return std::nullopt;
  }
  const bool relevancy = out.search.wanted.relevancy;
  if (!sort_criteria(p, out) || !p.sp() || !search_criteria(p, out.search)) return std::nullopt;
  out.search.wanted.relevancy = relevancy;
  return out;
}

// thread = "THREAD" SP thread-alg SP search-criteria
Parsed thread_command(Parser& p, By by) {
  Thread out;
  out.by = by;
  if (!p.sp()) return std::nullopt;
  const auto algorithm = p.atom();
  if (!algorithm) return std::nullopt;
  if (ascii::iequals(*algorithm, "ORDEREDSUBJECT")) {
    out.algorithm = Thread::Algorithm::ordered_subject;
  } else if (!ascii::iequals(*algorithm, "REFERENCES")) {
    return p.fail("unknown threading algorithm");
  }
  Search search;
  if (!p.sp() || !search_criteria(p, search)) return std::nullopt;
  out.program = std::move(search.program);
  return out;
}

}  // namespace

Parsed parse_sort(Parser& p) { return sort(p, By::seq); }
Parsed parse_uid_sort(Parser& p) { return sort(p, By::uid); }
Parsed parse_thread(Parser& p) { return thread_command(p, By::seq); }
Parsed parse_uid_thread(Parser& p) { return thread_command(p, By::uid); }

}  // namespace fumi::imap::detail
