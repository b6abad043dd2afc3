// The value types of options, and how people write them.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace fumi::config {

// A number of octets; written "512B", "64KiB", "25MiB", "2GiB", "1TiB" (or decimal kB, MB, GB, TB).
struct ByteCount {
  std::uint64_t octets = 0;
  friend constexpr auto operator<=>(ByteCount, ByteCount) = default;
};

[[nodiscard]] constexpr ByteCount kib(std::uint64_t n) { return {n << 10U}; }
[[nodiscard]] constexpr ByteCount mib(std::uint64_t n) { return {n << 20U}; }
[[nodiscard]] constexpr ByteCount gib(std::uint64_t n) { return {n << 30U}; }

// The name of a file that holds a secret. The secret itself is never an option: it stays out of the
// configuration, of `config show` and of process listings.
struct SecretFile {
  std::filesystem::path path;  // empty: not set
  [[nodiscard]] bool is_set() const { return !path.empty(); }
  // The file's content without one trailing line end. Errors: invalid (not set, empty or over 64
  // KiB), not_found, denied. Blocks; read it at start or on the blocking pool.
  [[nodiscard]] Result<Secret> read() const;
  bool operator==(const SecretFile&) const = default;
};

// What kind of thing an option is; decides which TOML value it takes and how it is printed.
enum class Kind : std::uint8_t {
  flag,         // true, false
  integer,      // 1000, 1_000
  text,         // "mx.example.org"
  duration,     // "30s", "5m", "1h30m"
  bytes,        // "25MiB"
  list,         // ["a", "b"]
  choice,       // one of a closed set of words
  path,         // a file or folder; relative ones start at the folder of the configuration file
  secret_file,  // as path; see SecretFile
};
[[nodiscard]] std::string_view to_string(Kind kind);

// flag: bool · integer: int64 · duration: Duration · bytes: ByteCount · list: vector · others:
// string
using Value =
    std::variant<bool, std::int64_t, std::string, Duration, ByteCount, std::vector<std::string>>;

// Whole numbers with units us, ms, s, m, h, d, largest first ("1h30m"). Error: invalid, with a
// detail that says what was expected; overflow included.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// A whole number with one unit. Error: invalid.
[[nodiscard]] Result<ByteCount> parse_bytes(std::string_view text);
// The shortest form that parses back to the same value.
[[nodiscard]] std::string format_duration(Duration duration);
[[nodiscard]] std::string format_bytes(ByteCount bytes);

}  // namespace fumi::config
