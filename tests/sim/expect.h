// What a run of the simulation says when something is not as it must be. Not doctest's assertions:
// a run that fails is run again, smaller, before anybody is told.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fumi::sim {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Where = std::source_location;

// `what` reads as the rule that was broken.
[[noreturn]] void broken(std::string_view what, const std::string& how, Where where);

inline void expect(bool holds, std::string_view what,  // lint: bool-ok an assertion's condition
                   Where where = Where::current()) {
  if (!holds) broken(what, {}, where);
}

void expect_same(const std::string& is, const std::string& must, std::string_view what,
                 Where where = Where::current());

template <class Number>
void expect_least(Number is, Number least, std::string_view what, Where where = Where::current()) {
  if (is < least) broken(what, std::to_string(is) + " is below " + std::to_string(least), where);
}

}  // namespace fumi::sim
