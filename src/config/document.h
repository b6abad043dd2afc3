// Document: what an operator has set, by name, with the place it came from. Knows no options.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace fumi::config {

enum class Source : std::uint8_t { file, environment, command_line };  // later ones win

struct Origin {
  Source source = Source::file;
  std::string file;        // file: its name as given; environment: the variable
  std::uint32_t line = 0;  // file only
  bool operator==(const Origin&) const = default;
};
// "fumi.toml:12", "environment FUMI_SET_…" or "command line".
[[nodiscard]] std::string locate(const Origin& origin);

// Text from outside the file: its type is not known before its option is.
struct Text {
  std::string text;
  bool operator==(const Text&) const = default;
};
// A TOML value that no option takes (a float, a date, a mixed array); holds the name of its type.
struct Unusable {
  std::string type;
  bool operator==(const Unusable&) const = default;
};
using Raw = std::variant<bool, std::int64_t, std::string, std::vector<std::string>, Text, Unusable>;
[[nodiscard]] std::string_view type_name(const Raw& raw);

struct Entry {
  Raw raw;
  Origin origin;
};

// Options are the leaves of the TOML tree: `idle` in [smtp.in] has the name "smtp.in.idle".
// A value, not thread-safe; at most 1 MiB of file and 10,000 entries.
class Document {
 public:
  Document() = default;

  // Errors: invalid, with "file:line: what"; syntax and keys given twice included.
  [[nodiscard]] static Result<Document> parse(std::string_view toml, std::string file);
  // Errors: as parse(); not_found and denied when the file can't be read; too_large.
  [[nodiscard]] static Result<Document> load(const std::filesystem::path& file);

  // One "name=value" of the command line. Errors: invalid (no "=", no name), conflict (set twice).
  [[nodiscard]] Status set(std::string_view assignment);
  // Takes a FUMI_SET_… variable for an option whose name the caller knows; the command line wins.
  void set_from_environment(std::string_view name, std::string variable, std::string_view value);

  [[nodiscard]] const Entry* find(std::string_view name) const;
  [[nodiscard]] const std::map<std::string, Entry, std::less<>>& entries() const {
    return entries_;
  }

 private:
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace fumi::config
