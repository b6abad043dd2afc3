#include "service/search/query.h"

#include "codec/utf8.h"

namespace fumi::service {
namespace {

using Kind = SearchQuery::Kind;

constexpr const char* kDoing = "searching";

struct Counts {
  std::size_t nodes = 0;
  std::size_t texts = 0;
  std::size_t ids = 0;
};

Status check_text(const SearchQuery& query, const SearchLimits& limits) {
  if (query.text.size() > limits.text_octets_max || query.name.size() > limits.text_octets_max) {
    return fail(Code::too_large, kDoing, "a text to search for is too long");
  }
  if (!codec::is_utf8(query.text)) return fail(Code::invalid, kDoing, "a text is not UTF-8");
  if (query.field == SearchQuery::Field::header && query.name.empty()) {
    return fail(Code::invalid, kDoing, "a header field without a name");
  }
  return {};
}

Status check_node(const SearchQuery& query, const SearchLimits& limits, Counts& counts,
                  std::size_t depth) {
  if (depth > limits.depth_max) return fail(Code::too_large, kDoing, "nested too deeply");
  if (++counts.nodes > limits.nodes_max) {
    return fail(Code::too_large, kDoing, "too many search conditions");
  }
  counts.ids += query.ids.size() + query.uid_ranges.size();
  if (counts.ids > limits.ids_max) return fail(Code::too_large, kDoing, "too many ids");
  if (query.kind == Kind::text || query.kind == Kind::keyword) {
    FUMI_CHECK(check_text(query, limits));
    if (query.kind == Kind::text && ++counts.texts > limits.texts_max) {
      return fail(Code::too_large, kDoing, "too many texts to search for");
    }
  }
  for (const SearchQuery& child : query.children)
    FUMI_CHECK(check_node(child, limits, counts, depth + 1));
  return {};
}

SearchQuery node(Kind kind) {
  SearchQuery query;
  query.kind = kind;
  return query;
}

SearchQuery with_children(Kind kind, std::vector<SearchQuery> children) {
  SearchQuery query = node(kind);
  query.children = std::move(children);
  return query;
}

SearchQuery with_times(Kind kind, std::optional<Instant> since, std::optional<Instant> before) {
  SearchQuery query = node(kind);
  query.since = since;
  query.before = before;
  return query;
}

}  // namespace

SearchQuery SearchQuery::all_of(std::vector<SearchQuery> children) {
  return with_children(Kind::all_of, std::move(children));
}

SearchQuery SearchQuery::any_of(std::vector<SearchQuery> children) {
  return with_children(Kind::any_of, std::move(children));
}

SearchQuery SearchQuery::not_(SearchQuery child) {
  SearchQuery query = node(Kind::none_of);
  query.children.push_back(std::move(child));
  return query;
}

SearchQuery SearchQuery::contains(Field field, std::string text) {
  SearchQuery query = node(Kind::text);
  query.field = field;
  query.text = std::move(text);
  return query;
}

SearchQuery SearchQuery::header(std::string name, std::string text) {
  SearchQuery query = contains(Field::header, std::move(text));
  query.name = std::move(name);
  return query;
}

SearchQuery SearchQuery::flag(std::uint32_t bit) {
  SearchQuery query = node(Kind::flag);
  query.flag_bit = bit;
  return query;
}

SearchQuery SearchQuery::keyword(std::string name) {
  SearchQuery query = node(Kind::keyword);
  query.text = std::move(name);
  return query;
}

SearchQuery SearchQuery::received(std::optional<Instant> since, std::optional<Instant> before) {
  return with_times(Kind::received, since, before);
}

SearchQuery SearchQuery::saved(std::optional<Instant> since, std::optional<Instant> before) {
  return with_times(Kind::saved, since, before);
}

SearchQuery SearchQuery::sent(std::optional<Day> since, std::optional<Day> before) {
  SearchQuery query = node(Kind::sent);
  query.since_day = since;
  query.before_day = before;
  return query;
}

SearchQuery SearchQuery::octets(std::uint64_t least, std::optional<std::uint64_t> below) {
  SearchQuery query = node(Kind::octets);
  query.least = least;
  query.below = below;
  return query;
}

SearchQuery SearchQuery::modseq(ModSeq least) {
  SearchQuery query = node(Kind::modseq);
  query.least = least.value();
  return query;
}

SearchQuery SearchQuery::uids(std::vector<UidRange> ranges) {
  SearchQuery query = node(Kind::uids);
  query.uid_ranges = std::move(ranges);
  return query;
}

SearchQuery SearchQuery::of(Kind kind) { return node(kind); }

SearchQuery SearchQuery::of(Kind kind, std::vector<std::uint64_t> ids) {
  SearchQuery query = node(kind);
  query.ids = std::move(ids);
  return query;
}

Status check(const SearchQuery& query, const SearchLimits& limits) {
  Counts counts;
  return check_node(query, limits, counts, 1);
}

}  // namespace fumi::service
