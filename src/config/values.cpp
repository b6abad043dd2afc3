#include "config/values.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <limits>

#include "base/ascii.h"

namespace fumi::config {
namespace {

constexpr std::size_t kSecretOctetsMax = 65'536;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest first: format_x takes the first unit that divides, parse_duration wants descending order.
constexpr std::array kDurationUnits{
    Unit{"d", 86'400'000'000}, Unit{"h", 3'600'000'000}, Unit{"m", 60'000'000},
    Unit{"s", 1'000'000},      Unit{"ms", 1'000},        Unit{"us", 1},
};
constexpr std::array kByteUnits{
    Unit{"TiB", 1ULL << 40U},
    Unit{"GiB", 1ULL << 30U},
    Unit{"MiB", 1ULL << 20U},
    Unit{"KiB", 1ULL << 10U},
    Unit{"B", 1},
    Unit{"TB", 1'000'000'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000},
    Unit{"kB", 1'000},
};
constexpr std::string_view kDurationHelp = R"(expected a duration such as "30s", "5m" or "1h30m")";
constexpr std::string_view kBytesHelp = R"(expected a size such as "64KiB" or "25MiB")";
constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

// Takes one number and its unit's letters off the front; nullopt on overflow or if one is missing.
struct Term {
  std::uint64_t number;
  std::string_view unit;
};
std::optional<Term> take_term(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(std::size_t(end - text.data()));
  std::size_t letters = 0;
  while (letters < text.size() && ascii::is_alpha(text[letters]))
    ++letters;
  const std::string_view unit = text.substr(0, letters);
  text.remove_prefix(letters);
  return Term{number, unit};
}

std::optional<std::uint64_t> scaled(std::uint64_t number, std::uint64_t factor) {
  if (number > kMax / factor) return std::nullopt;
  return number * factor;
}

std::unexpected<Error> refuse(std::string_view text, std::string_view help) {
  return fail(Code::invalid, "reading a value",
              std::string(help) + ", got \"" + ascii::printable(text, 60) + '"');
}

template <std::size_t N>
std::string with_unit(std::uint64_t number, const std::array<Unit, N>& units,
                      std::string_view zero) {
  if (number == 0) return std::string(zero);
  for (const Unit& unit : units) {
    if (number % unit.factor == 0) {
      return std::to_string(number / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(number);
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::flag:
      return "true or false";
    case Kind::integer:
      return "whole number";
    case Kind::text:
      return "text";
    case Kind::duration:
      return "duration";
    case Kind::bytes:
      return "size";
    case Kind::list:
      return "list of texts";
    case Kind::choice:
      return "word";
    case Kind::path:
      return "path";
    case Kind::secret_file:
      return "path of a secret";
  }
  return "value";
}

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = text;
  std::uint64_t total = 0;
  std::size_t unit_from = 0;
  do {
    const auto term = take_term(rest);
    if (!term) return refuse(text, kDurationHelp);
    std::size_t at = unit_from;
    while (at < kDurationUnits.size() && kDurationUnits[at].name != term->unit)
      ++at;
    if (at == kDurationUnits.size()) return refuse(text, kDurationHelp);
    const auto part = scaled(term->number, kDurationUnits[at].factor);
    if (!part || *part > kMax - total) return refuse(text, "duration is too long");
    total += *part;
    unit_from = at + 1;
  } while (!rest.empty());
  return Duration(std::int64_t(total));
}

Result<ByteCount> parse_bytes(std::string_view text) {
  std::string_view rest = text;
  const auto term = take_term(rest);
  if (!term || !rest.empty()) return refuse(text, kBytesHelp);
  for (const Unit& unit : kByteUnits) {
    if (unit.name != term->unit) continue;
    const auto octets = scaled(term->number, unit.factor);
    if (!octets) return refuse(text, "size is too large");
    return ByteCount{*octets};
  }
  return refuse(text, kBytesHelp);
}

std::string format_duration(Duration duration) {
  const auto micros = duration.count();
  if (micros < 0) return "-" + format_duration(-duration);
  // A mixture of units only where it reads well: hours and minutes, minutes and seconds.
  const std::uint64_t total = std::uint64_t(micros);
  for (std::size_t i = 0; i + 1 < 4; ++i) {
    const std::uint64_t big = kDurationUnits[i].factor;
    const std::uint64_t small = kDurationUnits[i + 1].factor;
    if (total > big && total % big != 0 && total % small == 0) {
      return std::to_string(total / big) + std::string(kDurationUnits[i].name) +
             std::to_string(total % big / small) + std::string(kDurationUnits[i + 1].name);
    }
    if (total >= big) break;
  }
  return with_unit(total, kDurationUnits, "0s");
}

std::string format_bytes(ByteCount bytes) { return with_unit(bytes.octets, kByteUnits, "0B"); }

Result<Secret> SecretFile::read() const {
  const std::string doing = "reading the secret in " + path.string();
  if (!is_set()) return fail(Code::invalid, "reading a secret", "its file is not configured");
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found)
    return fail(Code::not_found, doing, "no such file");
  if (!std::filesystem::is_regular_file(status))
    return fail(Code::denied, doing, "not a readable regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Code::denied, doing, "the file can't be opened");
  std::string text(kSecretOctetsMax + 1, '\0');
  file.read(text.data(), std::streamsize(text.size()));
  if (file.bad()) return fail(Code::denied, doing, "the file can't be read");
  text.resize(std::size_t(file.gcount()));
  if (text.size() > kSecretOctetsMax) return fail(Code::invalid, doing, "the file is over 64 KiB");
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return fail(Code::invalid, doing, "the file is empty");
  return Secret(std::move(text));
}

}  // namespace fumi::config
