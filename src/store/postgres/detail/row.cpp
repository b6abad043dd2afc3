#include "store/postgres/detail/row.h"

#include <charconv>

namespace fumi::sql {
namespace {

template <class T>
T big_endian(std::string_view bytes, std::size_t at = 0) {
  if (bytes.size() < at + sizeof(T)) return 0;
  std::make_unsigned_t<T> value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<std::make_unsigned_t<T>>(value << 8U |
                                                 static_cast<unsigned char>(bytes[at + i]));
  }
  return static_cast<T>(value);
}

// NUMERIC is what sum(BIGINT) gives: digits to the base 10,000, the first of the given weight.
double numeric(std::string_view bytes, std::int64_t& whole) {
  const int digits = big_endian<std::int16_t>(bytes, 0);
  const int weight = big_endian<std::int16_t>(bytes, 2);
  const bool negative = big_endian<std::uint16_t>(bytes, 4) == 0x4000;
  constexpr int kWeightMax = 4;  // 10,000^5 exceeds 2^63: larger numbers only have a double
  std::uint64_t sum = 0;
  double real = 0;
  double scale = 1;
  for (int i = 0; i < std::max(digits, weight + 1); ++i) {
    const auto at = 8 + 2 * static_cast<std::size_t>(i);
    const int digit = i < digits ? big_endian<std::int16_t>(bytes, at) : 0;
    if (i <= weight) {
      real = real * 10000 + digit;
      if (weight <= kWeightMax) sum = sum * 10000 + static_cast<std::uint64_t>(digit);
    } else {
      scale /= 10000;
      real += digit * scale;
    }
  }
  whole = static_cast<std::int64_t>(negative ? 0 - sum : sum);
  return negative ? -real : real;
}

}  // namespace

std::string_view PgRow::bytes(int column) const {
  return {PQgetvalue(result_, row_, column),
          static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

bool PgRow::is_null(int column) const { return PQgetisnull(result_, row_, column) != 0; }

std::int64_t PgRow::int64(int column) const {
  if (is_null(column)) return 0;
  std::int64_t whole = 0;
  switch (PQftype(result_, column)) {
    case kOidInt8:
      return big_endian<std::int64_t>(bytes(column));
    case kOidInt4:
      return big_endian<std::int32_t>(bytes(column));
    case kOidInt2:
      return big_endian<std::int16_t>(bytes(column));
    case kOidOid:
      return big_endian<std::uint32_t>(bytes(column));
    case kOidBool:
      return bytes(column) == std::string_view("\1", 1) ? 1 : 0;
    case kOidNumeric:
      numeric(bytes(column), whole);
      return whole;
    case kOidFloat4:
    case kOidFloat8:
      return static_cast<std::int64_t>(real(column));
    default:
      return 0;
  }
}

double PgRow::real(int column) const {
  if (is_null(column)) return 0;
  std::int64_t whole = 0;
  switch (PQftype(result_, column)) {
    case kOidFloat8:
      return std::bit_cast<double>(big_endian<std::int64_t>(bytes(column)));
    case kOidFloat4:
      return std::bit_cast<float>(big_endian<std::int32_t>(bytes(column)));
    case kOidNumeric:
      return numeric(bytes(column), whole);
    default:
      return static_cast<double>(int64(column));
  }
}

std::string_view PgRow::text(int column) const {
  if (is_null(column)) return {};
  switch (PQftype(result_, column)) {
    case kOidInt8:
    case kOidInt4:
    case kOidInt2:
    case kOidOid:
    case kOidBool:
    case kOidNumeric:
    case kOidFloat4:
    case kOidFloat8:
      return {};
    default:
      return bytes(column);
  }
}

unsigned oid_of(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null:
      return 0;
    case Value::Kind::integer:
      return kOidInt8;
    case Value::Kind::real:
      return kOidFloat8;
    case Value::Kind::text:
      return kOidText;
    case Value::Kind::blob:
      return kOidBytea;
  }
  return 0;
}

// Numbers go in binary where the type was declared, else as digits, which suit any type that the
// server may have inferred from a null. Text and bytes are the same in both formats but for NUL,
// which only the binary one carries (and the server refuses in text).
PgParameters::PgParameters(std::span<const Value> values, std::span<const unsigned> types)
    : numbers_(values.size()),
      pointers_(values.size()),
      lengths_(values.size()),
      formats_(values.size()) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& value = values[i];
    auto& number = numbers_[i];
    if (value.kind() == Value::Kind::null) continue;
    formats_[i] = 1;
    if (value.kind() == Value::Kind::text || value.kind() == Value::Kind::blob) {
      pointers_[i] = value.bytes().data() == nullptr ? "" : value.bytes().data();
      lengths_[i] = static_cast<int>(value.bytes().size());
      continue;
    }
    pointers_[i] = number.data();
    const bool integer = value.kind() == Value::Kind::integer;
    if (types[i] == oid_of(value.kind())) {
      auto bits = integer ? static_cast<std::uint64_t>(value.integer())
                          : std::bit_cast<std::uint64_t>(value.real());
      for (std::size_t b = 8; b > 0; --b, bits >>= 8U)
        number[b - 1] = static_cast<char>(bits);
      lengths_[i] = 8;
      continue;
    }
    formats_[i] = 0;
    char* const end = number.data() + number.size() - 1;
    auto out = integer ? std::to_chars(number.data(), end, value.integer())
                       : std::to_chars(number.data(), end, value.real());
    *out.ptr = '\0';
  }
}

}  // namespace fumi::sql
