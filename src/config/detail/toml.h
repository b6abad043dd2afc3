// toml++ 3.3, made safe for any input. Its parser takes some malformed text for its own bugs:
// assertions in debug builds ("[*]"), promises to the optimiser and so undefined behaviour in
// release builds (U+2EFF outside a text). Here all of them are exceptions, whatever NDEBUG says.
#pragma once

#include <stdexcept>

namespace fumi::config::detail {
struct TomlAssertion : std::logic_error {
  using std::logic_error::logic_error;
};
}  // namespace fumi::config::detail

// clang-format off: the order of these lines is their meaning
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? void() : throw ::fumi::config::detail::TomlAssertion(#expr))
// Without exceptions the parser goes on after some errors and runs into those assertions.
#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/impl/forward_declarations.h>
// In the character classes, which are noexcept, "no" is the right answer.
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE throw ::fumi::config::detail::TomlAssertion("unreachable")
#include <toml++/toml.h>
// clang-format on
