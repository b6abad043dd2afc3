#include "config/catalogue.h"

#include <algorithm>
#include <numeric>

#include "base/ascii.h"
#include "base/assert.h"

namespace fumi::config {
namespace {

constexpr std::string_view kVariablePrefix = "FUMI_SET_";
constexpr std::size_t kNameOctetsMax = 200;  // longer names are not compared

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string_view last_word(std::string_view name) { return name.substr(name.rfind('.') + 1); }

}  // namespace

void Catalogue::add_option(const OptionInfo& option) {
  const auto at = std::ranges::lower_bound(options_, option.name, {}, &OptionInfo::name);
  FUMI_ASSERT(at == options_.end() || at->name != option.name);
  options_.insert(at, option);
}

const OptionInfo* Catalogue::find(std::string_view name) const {
  const auto at = std::ranges::lower_bound(
      options_, name, {}, [](const OptionInfo& option) { return std::string_view(option.name); });
  return at != options_.end() && at->name == name ? &*at : nullptr;
}

std::string_view Catalogue::nearest(std::string_view name) const {
  if (name.size() > kNameOctetsMax) return {};
  const std::string lower = ascii::to_lower(name);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, lower.size() / 4) + 1;
  for (const OptionInfo& option : options_) {
    const std::size_t distance = edit_distance(lower, option.name);
    if (distance < best_distance) {
      best = option.name;
      best_distance = distance;
    }
  }
  if (!best.empty()) return best;
  // Right word, wrong table.
  const auto same = std::ranges::find_if(options_, [&](const OptionInfo& option) {
    return last_word(option.name) == last_word(lower);
  });
  return same == options_.end() ? std::string_view{} : std::string_view(same->name);
}

Status Catalogue::take_environment(Document& document, const char* const* environment) const {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view line(*environment);
    if (!line.starts_with(kVariablePrefix)) continue;
    const std::size_t equals = line.find('=');
    const std::string variable(line.substr(0, equals));
    const auto option = std::ranges::find_if(options_, [&](const OptionInfo& candidate) {
      return environment_name(candidate.name) == variable;
    });
    if (option == options_.end() || equals == std::string_view::npos) {
      return fail(Code::invalid, "reading the environment", variable + " names no option");
    }
    document.set_from_environment(option->name, variable, line.substr(equals + 1));
  }
  return {};
}

Status Catalogue::check(const Document& document) const {
  std::string problems;
  const auto report = [&problems](std::string_view line) {
    if (!problems.empty()) problems += '\n';
    problems += line;
  };
  for (const auto& [name, entry] : document.entries()) {
    if (const OptionInfo* option = find(name)) {
      const Result<Value> value = effective(*option, document);
      if (!value) report(value.error().detail);
      continue;
    }
    std::string line =
        locate(entry.origin) + ": unknown option " + ascii::printable(name, kNameOctetsMax);
    const std::string_view near = nearest(name);
    if (!near.empty()) line += "; did you mean " + std::string(near) + "?";
    report(line);
  }
  if (problems.empty()) return {};
  return fail(Code::invalid, "reading the configuration", std::move(problems));
}

}  // namespace fumi::config
