// Values of PostgreSQL's binary format, both ways.
#pragma once

#include <libpq-fe.h>

#include <span>

#include "store/sql/value.h"

namespace fumi::sql {

// Types as pg_type numbers them.
inline constexpr unsigned kOidBool = 16, kOidBytea = 17, kOidInt8 = 20, kOidInt2 = 21,
                          kOidInt4 = 23, kOidText = 25, kOidOid = 26, kOidFloat4 = 700,
                          kOidFloat8 = 701, kOidNumeric = 1700;

class PgRow final : public Row {
 public:
  PgRow(const PGresult* result, int row) : result_(result), row_(row) {}
  [[nodiscard]] bool is_null(int column) const override;
  [[nodiscard]] std::int64_t int64(int column) const override;
  [[nodiscard]] double real(int column) const override;
  [[nodiscard]] std::string_view text(int column) const override;
  [[nodiscard]] std::string_view blob(int column) const override { return text(column); }

 private:
  [[nodiscard]] std::string_view bytes(int column) const;
  const PGresult* result_;
  int row_;
};

// The parameters of one call in the arrays that libpq wants.
class PgParameters {
 public:
  PgParameters(std::span<const Value> values, std::span<const unsigned> types);
  [[nodiscard]] const char* const* values() const { return pointers_.data(); }
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }

 private:
  std::vector<std::array<char, 24>> numbers_;
  std::vector<const char*> pointers_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

[[nodiscard]] unsigned oid_of(Value::Kind kind);  // 0 for null: the server infers it

}  // namespace fumi::sql
