#include "service/search/query.h"

#include <doctest/doctest.h>

namespace fumi::service {
namespace {

using Field = SearchQuery::Field;

SearchQuery nested(std::size_t depth) {
  SearchQuery query = SearchQuery::of(SearchQuery::Kind::all);
  for (std::size_t i = 1; i < depth; ++i)
    query = SearchQuery::not_(std::move(query));
  return query;
}

TEST_CASE("what is within the limits passes, and one more does not") {
  SearchLimits limits;
  limits.nodes_max = 5;
  limits.depth_max = 3;
  limits.texts_max = 2;
  limits.text_octets_max = 4;
  limits.ids_max = 3;
  const auto text = [](std::string what) {
    return SearchQuery::contains(Field::any, std::move(what));
  };
  struct Row {
    const char* name;
    SearchQuery query;
    std::optional<Code> wrong;
  };
  const std::vector<Row> rows{
      {"depth", nested(3), std::nullopt},
      {"too deep", nested(4), Code::too_large},
      {"nodes", SearchQuery::all_of({nested(1), nested(1), nested(2)}), std::nullopt},
      {"too many nodes", SearchQuery::all_of({nested(1), nested(2), nested(2)}), Code::too_large},
      {"texts", SearchQuery::any_of({text("a"), text("b")}), std::nullopt},
      {"too many texts", SearchQuery::any_of({text("a"), text("b"), text("c")}), Code::too_large},
      {"a text", text("abcd"), std::nullopt},
      {"a long text", text("abcde"), Code::too_large},
      {"a long keyword", SearchQuery::keyword("abcde"), Code::too_large},
      {"a long name", SearchQuery::header("abcde", ""), Code::too_large},
      {"no name", SearchQuery::header("", "x"), Code::invalid},
      {"not UTF-8", text("\xff"), Code::invalid},
      {"ids", SearchQuery::of(SearchQuery::Kind::emails, {1, 2, 3}), std::nullopt},
      {"too many ids", SearchQuery::of(SearchQuery::Kind::emails, {1, 2, 3, 4}), Code::too_large},
      {"too many ranges", SearchQuery::uids({{1, 2}, {4, 5}, {7, 7}, {9, 9}}), Code::too_large}};
  for (const Row& row : rows) {
    INFO(row.name);
    const Status checked = check(row.query, limits);
    CHECK(checked.has_value() == !row.wrong);
    if (!checked && row.wrong) CHECK(checked.error().code == *row.wrong);
  }
}

}  // namespace
}  // namespace fumi::service
