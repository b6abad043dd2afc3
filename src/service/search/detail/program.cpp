#include "service/search/detail/program.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/date.h"
#include "codec/fold.h"

namespace fumi::service::detail {
namespace {

using Kind = SearchQuery::Kind;

Truth of(bool holds) { return holds ? Truth::yes : Truth::no; }

bool in_ids(const SearchQuery& query, std::uint64_t id) {
  return std::ranges::binary_search(query.ids, id);
}

bool in_ranges(const SearchQuery& query, std::uint32_t uid) {
  auto after = std::ranges::upper_bound(query.uid_ranges, uid, {}, &SearchQuery::UidRange::first);
  return after != query.uid_ranges.begin() && (after - 1)->second >= uid;
}

bool in_time(const SearchQuery& query, Instant at) {
  return (!query.since || at >= *query.since) && (!query.before || at < *query.before);
}

bool holds_for(const SearchQuery& query, const Place& place) {
  const IndexRow& row = *place.row;
  switch (query.kind) {
    case Kind::flag:
      return row.has(query.flag_bit);
    case Kind::keyword:
      return row.keywords() != 0 &&
             std::ranges::any_of(place.in->keywords(row), [&](const std::string& keyword) {
               return ascii::iequals(keyword, query.text);
             });
    case Kind::received:
      return in_time(query, row.received());
    // RFC 8514 §4.3: where the time of saving isn't known, the arrival stands in for it.
    case Kind::saved:
      return in_time(query, place.saved.value_or(row.received()));
    case Kind::octets:
      return row.octets >= query.least && (!query.below || row.octets < *query.below);
    case Kind::modseq:
      return row.modseq >= query.least;
    case Kind::uids:
      return in_ranges(query, row.uid);
    case Kind::mailboxes:
      return in_ids(query, place.mailbox.value());
    default:
      return false;
  }
}

Truth facts_truth(const SearchQuery& query, const EmailFacts* facts) {
  if (facts == nullptr) return Truth::unknown;
  switch (query.kind) {
    case Kind::sent:
      return of(facts->sent && (!query.since_day || *facts->sent >= *query.since_day) &&
                (!query.before_day || *facts->sent < *query.before_day));
    case Kind::threads:
      return of(in_ids(query, facts->thread.value()));
    default:
      return of(facts->attachment == EmailFacts::Attachment::some);
  }
}

// Ranges in order, those that touch made one: what in_ranges() asks for.
void tidy(std::vector<SearchQuery::UidRange>& ranges) {
  for (auto& [first, last] : ranges)
    if (first > last) std::swap(first, last);
  std::ranges::sort(ranges);
  std::size_t kept = 0;
  for (const SearchQuery::UidRange& range : ranges) {
    if (kept > 0 && range.first <= ranges[kept - 1].second) {
      ranges[kept - 1].second = std::max(ranges[kept - 1].second, range.second);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

}  // namespace

EmailFacts facts_of(const mime::Summary& summary, ThreadId thread) {
  EmailFacts facts;
  facts.thread = thread;
  // RFC 9051 §6.4.4 SENTON: the Date field's day, "disregarding time and timezone".
  if (const auto date = codec::parse_date(summary.envelope.date)) {
    facts.sent = std::chrono::floor<std::chrono::days>(date->at + date->zone);
  }
  if (summary.has_attachment) facts.attachment = EmailFacts::Attachment::some;
  return facts;
}

Program::Program(SearchQuery query) : root_(compile(std::move(query))) {}

Program::Node Program::compile(SearchQuery query) {
  Node node;
  for (SearchQuery& child : query.children)
    node.children.push_back(compile(std::move(child)));
  query.children.clear();
  std::ranges::sort(query.ids);
  tidy(query.uid_ranges);
  if (query.kind == Kind::uids) asks_uids_ = true;
  if (query.kind == Kind::saved) asks_saved_ = true;
  if (query.kind == Kind::text || query.kind == Kind::sent || query.kind == Kind::threads ||
      query.kind == Kind::attachment) {
    asks_mail_ = true;
  }
  if (query.kind == Kind::text) {
    node.text = texts_.size();
    wanted_ |= classes_of(query.field, query.name);
    texts_.push_back({query.field, ascii::to_lower(query.name), codec::fold(query.text)});
  }
  node.query = std::move(query);
  return node;
}

Truth Program::truth(const Node& node, const Candidate& candidate) const {
  const SearchQuery& query = node.query;
  switch (query.kind) {
    case Kind::all:
      return Truth::yes;
    case Kind::all_of: {
      Truth worst = Truth::yes;
      for (const Node& child : node.children) {
        worst = std::min(worst, truth(child, candidate));
        if (worst == Truth::no) break;
      }
      return worst;
    }
    case Kind::any_of:
    case Kind::none_of: {
      Truth best = Truth::no;
      for (const Node& child : node.children) {
        best = std::max(best, truth(child, candidate));
        if (best == Truth::yes) break;
      }
      if (query.kind == Kind::any_of || best == Truth::unknown) return best;
      return of(best == Truth::no);
    }
    case Kind::text:
      return text_truth(node, candidate);
    case Kind::sent:
    case Kind::threads:
    case Kind::attachment:
      return facts_truth(query, candidate.facts);
    case Kind::emails:
      return of(in_ids(query, candidate.email.value()));
    default:
      return of(std::ranges::any_of(candidate.places,
                                    [&](const Place& place) { return holds_for(query, place); }));
  }
}

Truth Program::text_truth(const Node& node, const Candidate& candidate) const {
  const Text& text = texts_[node.text];
  // RFC 9051 §6.4.4: HEADER with an empty string asks whether the field is there.
  if (text.needle.empty() && text.field != SearchQuery::Field::header) return Truth::yes;
  if (candidate.document != nullptr) {
    return of(contains(*candidate.document, text.field, text.name, text.needle));
  }
  return candidate.texts.empty() ? Truth::unknown : candidate.texts[node.text];
}

}  // namespace fumi::service::detail
