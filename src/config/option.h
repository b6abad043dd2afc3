// OptionInfo: what one option is, without the type of the struct that it belongs to.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/values.h"

namespace fumi::config {

enum class Applies : std::uint8_t { restart, live };  // when a changed value takes effect
enum class Shown : std::uint8_t { clear, redacted };  // whether the value may be printed

struct OptionInfo {
  std::string name;  // "smtp.in.recipients_max": at least one dot, lower case
  Kind kind = Kind::text;
  Value fallback;
  std::optional<std::pair<Value, Value>> range;  // both ends included; integer, duration, bytes
  std::vector<std::string> choices;              // choice only
  std::vector<Value> sim_values;                 // values that simulations try besides the default
  Applies applies = Applies::restart;
  Shown shown = Shown::clear;
  std::string doc;
};

// Turns what the document holds into a value of the option's kind, within its range. Text from the
// environment and the command line is read by the kind ("true", "1000", "5m", "a,b"). Error:
// invalid, whose detail says what was expected, without the place (see locate()).
[[nodiscard]] Result<Value> decode(const OptionInfo& option, const Entry& entry);

// The value that holds: the document's, or the default. Error: as decode(), with the place and
// name.
[[nodiscard]] Result<Value> effective(const OptionInfo& option, const Document& document);

// As it would be written in the file, without quotes around single texts; "" for an empty text.
[[nodiscard]] std::string format(const Value& value);
[[nodiscard]] std::string format_redacted(const OptionInfo& option, const Value& value);
[[nodiscard]] std::string format_range(const OptionInfo& option);  // "100..50000", "a | b", or ""

// The variable that sets an option from the environment: "FUMI_SET_SMTP_IN_RECIPIENTS_MAX".
[[nodiscard]] std::string environment_name(std::string_view option_name);

}  // namespace fumi::config
