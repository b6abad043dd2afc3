#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "store/sql/dialect.h"

namespace fumi::sql {
namespace {

TEST_CASE("the dialect of an engine is expanded and nothing else") {
  struct Case {
    const char* text;
    const char* sqlite;
    const char* postgres;
  };
  const Case cases[] = {
      {"SELECT 1", "SELECT 1", "SELECT 1"},
      {"a /*pg BYTEA*//*sqlite BLOB*/ b", "a /*pg BYTEA*/BLOB b", "a BYTEA/*sqlite BLOB*/ b"},
      {"$1/*pg ::bigint*/", "$1/*pg ::bigint*/", "$1::bigint"},
      {"'/*pg x*/'", "'/*pg x*/'", "'/*pg x*/'"},
      {"\"/*pg x*/\"", "\"/*pg x*/\"", "\"/*pg x*/\""},
      {"'it''s /*pg x*/'/*pg y*/", "'it''s /*pg x*/'/*pg y*/", "'it''s /*pg x*/'y"},
      {"-- /*pg x*/\n/*pg y*/", "-- /*pg x*/\n/*pg y*/", "-- /*pg x*/\ny"},
      {"/* plain 'quote */ 'b'", "/* plain 'quote */ 'b'", "/* plain 'quote */ 'b'"},
      {"/*pg x", "/*pg x", "x"},
      {"'open", "'open", "'open"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(expand_dialect(Engine::sqlite, c.text) == c.sqlite);
    CHECK(expand_dialect(Engine::postgres, c.text) == c.postgres);
  }
}

TEST_CASE("expansion ends on any text and keeps what isn't marked") {
  CHECK(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("a'\"/*-\n pg ")));
    const std::string out = expand_dialect(Engine::postgres, text);
    RC_ASSERT(out.size() <= text.size());
    if (text.find("/*pg ") == std::string::npos) RC_ASSERT(out == text);
  }));
}

TEST_CASE("a statement is cut to one short line") {
  CHECK(brief("  SELECT\n   1  ") == "SELECT 1 ");
  CHECK(brief(std::string(1000, 'x')).size() == 80);
}

}  // namespace
}  // namespace fumi::sql
