#include "store/sql/testing/conformance.h"

#include <doctest/doctest.h>

#include <limits>

#include "store/sql/migrations.h"

namespace fumi::sql::conformance {
namespace {

struct ThingTag;
using ThingId = StrongId<ThingTag>;
enum class Colour : std::uint8_t { red = 1, blue = 2 };

constexpr std::string_view kTables =
    "CREATE TABLE thing (id BIGINT PRIMARY KEY, name TEXT, data /*pg BYTEA*//*sqlite BLOB*/,"
    " weight /*pg DOUBLE PRECISION*//*sqlite REAL*/, small /*pg INTEGER*//*sqlite INT*/);"
    "CREATE TABLE line (thing BIGINT, at BIGINT, PRIMARY KEY (thing, at));";
constexpr Statement kInsert{
    "INSERT INTO thing (id, name, data, weight, small) VALUES ($1, $2, $3, $4, $5)"};
constexpr Statement kInsertOnce{
    "INSERT INTO thing (id, name) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"};
constexpr Statement kSelect{"SELECT id, name, data, weight, small FROM thing WHERE id = $1"};
constexpr Statement kNames{"SELECT id, name FROM thing ORDER BY id LIMIT $1"};
constexpr Statement kCount{"SELECT count(*) FROM thing"};
constexpr Statement kSum{"SELECT sum(id), avg(id) FROM thing"};
constexpr Statement kRename{"UPDATE thing SET name = $2 WHERE id >= $1"};
constexpr Statement kNext{"UPDATE thing SET small = small + 1 WHERE id = $1 RETURNING small"};
constexpr Statement kSwapped{"SELECT $2, $1/*pg ::bigint*/ + 0"};
constexpr Statement kWrong{"SELECT nothing FROM nowhere"};

Status insert(Session& tx, std::int64_t id, std::string_view name) {
  FUMI_TRY(const auto rows, tx.execute(kInsert, id, name, Blob{}, 0.0, 0));
  return rows == 1 ? Status() : fail(Code::internal, "inserting");
}

Result<std::int64_t> count(Session& tx) {
  FUMI_TRY(const auto found, tx.one(kCount, [](const Row& row) { return row.int64(0); }));
  return found.value_or(-1);
}

std::int64_t count_of(Database& database) {
  std::int64_t things = -1;
  CHECK(database.read_blocking([&](Session& tx) -> Status {
    FUMI_TRY(things, count(tx));
    return {};
  }));
  return things;
}

std::unique_ptr<Database> with_tables(const Open& open) {
  auto database = open({});
  REQUIRE(database->write_blocking([](Session& tx) { return tx.execute_script(kTables); }));
  return database;
}

void values_come_back(Database& database) {
  const std::string bytes("\0\xff\x80 '\"", 6);
  const Instant now = from_micros(1'700'000'000'123'456);
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  REQUIRE(database.write_blocking([&](Session& tx) -> Status {
    FUMI_CHECK(tx.apply(kInsert, ThingId(7), "日本語 '; --", Blob{bytes}, 1.5, Colour::blue));
    FUMI_CHECK(tx.apply(kInsert, now, std::string(), Blob{}, -0.25, true));
    FUMI_CHECK(tx.apply(kInsert, kLeast, std::nullopt, std::optional<Blob>(), std::nullopt,
                        std::optional<int>()));
    // The first values for this statement were not null: null, then a number where null had been.
    return tx.apply(kInsert, 9, std::nullopt, std::nullopt, std::nullopt, std::optional<int>(3));
  }));
  REQUIRE(database.read_blocking([&](Session& tx) -> Status {
    int seen = 0;
    FUMI_CHECK(tx.query(
        kSelect,
        [&](const Row& row) {
          ++seen;
          CHECK(row.id<ThingId>(0) == ThingId(7));
          CHECK(row.text(1) == "日本語 '; --");
          CHECK(row.blob(2) == bytes);
          CHECK(row.real(3) == 1.5);
          CHECK(row.int64(4) == 2);
          CHECK(row.text(0).empty());  // a number isn't text
          CHECK(row.int64(1) == 0);
        },
        ThingId(7)));
    FUMI_CHECK(tx.query(
        kSelect,
        [&](const Row& row) {
          ++seen;
          CHECK(row.instant(0) == now);
          CHECK_FALSE(row.is_null(1));
          CHECK(row.text(1).empty());
          CHECK_FALSE(row.is_null(2));
          CHECK(row.real(3) == -0.25);
          CHECK(row.flag(4));
        },
        now));
    FUMI_CHECK(tx.query(
        kSelect,
        [&](const Row& row) {
          ++seen;
          CHECK(row.int64(0) == kLeast);
          for (int column = 1; column < 5; ++column)
            CHECK(row.is_null(column));
          CHECK(row.int64_or_null(4) == std::nullopt);
          CHECK(row.text(1).empty());
        },
        kLeast));
    CHECK(seen == 3);
    auto swapped = tx.one(
        kSwapped, [](const Row& row) { return row.string(0) + std::to_string(row.int64(1)); }, 5,
        "a");
    FUMI_TRY(const auto text, std::move(swapped));
    CHECK(text.value_or("") == "a5");
    return {};
  }));
}

void numbers_of_rows(Database& database) {
  REQUIRE(database.write_blocking([](Session& tx) -> Status {
    for (int id = 100; id < 110; ++id)
      FUMI_CHECK(insert(tx, id, "x"));
    FUMI_TRY(const auto renamed, tx.execute(kRename, 105, "y"));
    CHECK(renamed >= 5);
    FUMI_TRY(const auto none, tx.execute(kInsertOnce, 100, "z"));
    CHECK(none == 0);
    FUMI_TRY(const auto missing, tx.one(kSelect, [](const Row&) { return 1; }, -12345));
    CHECK_FALSE(missing.has_value());
    FUMI_TRY(const auto next, tx.one(kNext, [](const Row& row) { return row.int64(0); }, 100));
    CHECK(next == 1);
    FUMI_TRY(const auto after, tx.one(kSelect, [](const Row& row) { return row.int64(4); }, 100));
    CHECK(after == 1);  // RETURNING read through one() has changed the row
    return {};
  }));
}

void rows_can_be_left(Database& database) {
  REQUIRE(database.read_blocking([](Session& tx) -> Status {
    int rows = 0;
    FUMI_CHECK(tx.query(
        kNames, [&](const Row&) -> Result<Next> { return ++rows == 3 ? Next::stop : Next::more; },
        100));
    CHECK(rows == 3);
    const Status stopped =
        tx.query(kNames, [](const Row&) -> Status { return fail(Code::quota, "counting"); }, 100);
    REQUIRE_FALSE(stopped.has_value());
    CHECK(stopped.error().code == Code::quota);
    int inner = 0;
    FUMI_CHECK(tx.query(
        kNames, [&](const Row&) { return tx.query(kNames, [&](const Row&) { ++inner; }, 2); }, 3));
    CHECK(inner == 6);
    FUMI_TRY(const auto sum, tx.one(kSum, [](const Row& row) { return row.int64(0) != 0; }));
    CHECK(sum == true);
    return {};
  }));
}

void errors_end_a_closure(Database& database) {
  const auto before = count_of(database);
  const auto code_of = [&](Work work) {
    const Status status = database.write_blocking(std::move(work));
    return status ? std::optional<Code>() : std::optional(status.error().code);
  };
  CHECK(code_of([](Session& tx) -> Status {
          FUMI_CHECK(insert(tx, 201, "a"));
          return insert(tx, 201, "b");
        }) == Code::conflict);
  CHECK(code_of([](Session& tx) -> Status {  // the error can't be swallowed
          FUMI_CHECK(insert(tx, 202, "a"));
          CHECK_FALSE(insert(tx, 202, "b"));
          CHECK_FALSE(insert(tx, 203, "c"));
          return {};
        }) == Code::conflict);
  CHECK(code_of([](Session& tx) { return tx.query(kWrong, [](const Row&) {}); }) == Code::internal);
  CHECK(code_of([](Session& tx) { return tx.apply(kInsertOnce, 204); }) == Code::internal);
  CHECK(code_of([](Session& tx) { return insert(tx, 205, "\xff"); }) == Code::invalid);
  CHECK(code_of([](Session& tx) { return insert(tx, 206, std::string_view("a\0b", 3)); }) ==
        Code::invalid);
  CHECK(code_of([](Session& tx) { return insert(tx, 207, "\xed\xa0\x80"); }) == Code::invalid);
  CHECK(code_of([](Session& tx) -> Status {
          FUMI_CHECK(insert(tx, 208, "a"));
          return fail(Code::denied, "deciding");
        }) == Code::denied);
  CHECK(code_of([](Session&) -> Status { throw std::runtime_error("no"); }) == Code::internal);
  const Status written =
      database.read_blocking([](Session& tx) { return insert(tx, 209, "by a reader"); });
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().code == Code::internal);
  CHECK(count_of(database) == before);
}

void attempts_are_undone_alone(Database& database) {
  const auto before = count_of(database);
  REQUIRE(database.write_blocking([](Session& tx) -> Status {
    FUMI_CHECK(insert(tx, 301, "a"));
    const Status inner = tx.attempt([&]() -> Status {
      FUMI_CHECK(insert(tx, 302, "b"));
      CHECK(tx.attempt([&] { return insert(tx, 303, "c"); }));
      CHECK_FALSE(tx.attempt([&] { return insert(tx, 301, "again"); }));
      CHECK(tx.attempt([&] { return insert(tx, 304, "c"); }));
      return insert(tx, 301, "again");
    });
    REQUIRE_FALSE(inner.has_value());
    CHECK(inner.error().code == Code::conflict);
    return tx.attempt([&] { return insert(tx, 305, "d"); });
  }));
  CHECK(count_of(database) == before + 2);
}

void dynamic_statements(Database& database) {
  REQUIRE(database.write_blocking([](Session& tx) -> Status {
    const Statement& first = tx.prepare_dynamic("SELECT $1/*pg ::bigint*/ + 0");
    CHECK(&first == &tx.prepare_dynamic("SELECT $1/*pg ::bigint*/ + 0"));
    for (int i = 0; i < 300; ++i) {  // more than are kept
      const Statement& one = tx.prepare_dynamic("SELECT $1/*pg ::bigint*/ + " + std::to_string(i));
      FUMI_TRY(const auto sum, tx.one(one, [](const Row& row) { return row.int64(0); }, 5));
      CHECK(sum == i + 5);
    }
    return {};
  }));
  for (int round = 0; round < 3; ++round) {
    CHECK(database.write_blocking([&](Session& tx) -> Status {
      const Statement& one = tx.prepare_dynamic("SELECT $1/*pg ::bigint*/ + 0");
      FUMI_TRY(const auto sum, tx.one(one, [](const Row& row) { return row.int64(0); }, round));
      CHECK(sum == round);
      return {};
    }));
  }
}

}  // namespace

void check_statements(const Open& open) {
  const auto database = with_tables(open);
  values_come_back(*database);
  numbers_of_rows(*database);
  rows_can_be_left(*database);
  errors_end_a_closure(*database);
  attempts_are_undone_alone(*database);
  dynamic_statements(*database);
}

void check_migrations(const Open& open) {
  const auto database = open({});
  constexpr Migration kOne{1, "things", "CREATE TABLE a (id BIGINT PRIMARY KEY);"};
  constexpr Migration kTwo{2, "more", "CREATE TABLE b (id BIGINT); INSERT INTO a VALUES (1);"};
  constexpr Migration kBroken{3, "broken",
                              "CREATE TABLE c (id BIGINT); CREATE TABLE a (x BIGINT);"};
  constexpr Migration kEdited{1, "things", "CREATE TABLE a (id BIGINT);"};
  const auto code_of = [](const Result<int>& result) {
    return result ? std::optional<Code>() : std::optional(result.error().code);
  };
  CHECK(schema_version(*database) == 0);
  CHECK(migrate(*database, std::array{kOne}) == 1);
  CHECK(migrate(*database, std::array{kOne}) == 0);
  CHECK(migrate(*database, std::array{kOne, kTwo}) == 1);
  CHECK(schema_version(*database) == 2);
  CHECK_FALSE(migrate(*database, std::array{kOne, kTwo, kBroken}));
  CHECK(schema_version(*database) == 2);
  CHECK(code_of(migrate(*database, std::array{kOne})) == Code::conflict);           // newer
  CHECK(code_of(migrate(*database, std::array{kEdited, kTwo})) == Code::conflict);  // checksum
  CHECK(code_of(migrate(*database, std::array{kTwo, kOne})) == Code::internal);
  REQUIRE(database->write_blocking([](Session& tx) -> Status {
    constexpr std::string_view kDay =
        "CREATE TABLE IF NOT EXISTS {table} (id BIGINT);"
        "CREATE INDEX IF NOT EXISTS {table}_by_id ON {table} (id);";
    for (int i = 0; i < 2; ++i)
      FUMI_CHECK(ensure_table(tx, "record_20260102", kDay));
    FUMI_CHECK(ensure_table(tx, "record_20260101", kDay));
    FUMI_TRY(const auto names, list_tables(tx, "record_"));
    CHECK(names == std::vector<std::string>{"record_20260101", "record_20260102"});
    const Statement& insert = tx.prepare_dynamic("INSERT INTO record_20260101 VALUES ($1)");
    FUMI_TRY(const auto rows, tx.execute(insert, 5));
    CHECK(rows == 1);
    FUMI_CHECK(drop_table(tx, "record_20260101"));
    FUMI_TRY(const auto left, list_tables(tx, "record_"));
    CHECK(left.size() == 1);
    for (const char* bad : {"", "Record", "a;b", "1a", "a b", "a\"b"}) {
      const Status status = ensure_table(tx, bad, kDay);
      REQUIRE_FALSE(status.has_value());
      CHECK(status.error().code == Code::invalid);
    }
    return {};
  }));
}

}  // namespace fumi::sql::conformance
