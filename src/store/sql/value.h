// Value: one parameter of a statement. Views, not copies: the bytes must live until the call
// returns.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/ids.h"
#include "base/time.h"

namespace fumi::sql {

// Marks bytes as binary (BLOB, bytea) rather than text. Text must be UTF-8 without NUL.
struct Blob {
  std::string_view bytes;
};

class Value {
 public:
  enum class Kind : std::uint8_t { null, integer, real, text, blob };

  constexpr Value() = default;
  constexpr Value(std::nullopt_t) {}
  constexpr Value(std::nullptr_t) = delete;
  template <std::integral T>  // bool becomes 0 or 1; unsigned values must stay below 2^63
  constexpr Value(T value) : kind_(Kind::integer), integer_(static_cast<std::int64_t>(value)) {}
  template <class E>
    requires std::is_enum_v<E>
  constexpr Value(E value)
      : Value(static_cast<std::int64_t>(static_cast<std::underlying_type_t<E>>(value))) {}
  constexpr Value(double value) : kind_(Kind::real), real_(value) {}
  constexpr Value(std::string_view value) : kind_(Kind::text), bytes_(value) {}
  constexpr Value(const char* value) : Value(std::string_view(value)) {}
  Value(const std::string& value) : Value(std::string_view(value)) {}
  constexpr Value(Blob value) : kind_(Kind::blob), bytes_(value.bytes) {}
  template <class Tag>
  constexpr Value(StrongId<Tag> id) : Value(id.value()) {}
  constexpr Value(Instant at) : Value(to_micros(at)) {}
  constexpr Value(Duration length) : Value(static_cast<std::int64_t>(length.count())) {}
  template <class T>
  constexpr Value(const std::optional<T>& value) : Value(value ? Value(*value) : Value()) {}

  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  [[nodiscard]] constexpr std::int64_t integer() const { return integer_; }
  [[nodiscard]] constexpr double real() const { return real_; }
  [[nodiscard]] constexpr std::string_view bytes() const { return bytes_; }

 private:
  Kind kind_ = Kind::null;
  union {
    std::int64_t integer_ = 0;
    double real_;
  };
  std::string_view bytes_;
};

// A row of a result, valid during the callback only. Columns count from 0; reading a column as
// another kind than it has gives 0 or "", as does null; text() and blob() view the driver's memory.
class Row {
 public:
  virtual ~Row() = default;
  [[nodiscard]] virtual bool is_null(int column) const = 0;
  [[nodiscard]] virtual std::int64_t int64(int column) const = 0;
  [[nodiscard]] virtual double real(int column) const = 0;
  [[nodiscard]] virtual std::string_view text(int column) const = 0;
  [[nodiscard]] virtual std::string_view blob(int column) const = 0;

  [[nodiscard]] std::string string(int column) const { return std::string(text(column)); }
  [[nodiscard]] std::string bytes(int column) const { return std::string(blob(column)); }
  [[nodiscard]] bool flag(int column) const { return int64(column) != 0; }
  [[nodiscard]] Instant instant(int column) const { return from_micros(int64(column)); }
  template <class Id>  // row.id<AccountId>(0)
  [[nodiscard]] Id id(int column) const {
    return Id(static_cast<std::uint64_t>(int64(column)));
  }
  [[nodiscard]] std::optional<std::int64_t> int64_or_null(int column) const {
    return is_null(column) ? std::nullopt : std::optional(int64(column));
  }
  [[nodiscard]] std::optional<Instant> instant_or_null(int column) const {
    return is_null(column) ? std::nullopt : std::optional(instant(column));
  }
};

}  // namespace fumi::sql
