// Result<T>: a value, or an Error that says what failed while doing what. STYLE §5.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace fumi {

// What a caller may act on. A code is added only when some caller does something different on it;
// each protocol maps codes to its replies in exactly one function.
enum class Code {
  invalid,          // the request is wrong in itself: syntax, range
  not_found,        // no such thing in this scope
  conflict,         // exists already, or changed meanwhile
  denied,           // the principal may not
  unauthenticated,  // credentials are missing or wrong
  quota,            // the account or tenant has no room left
  too_large,        // over a limit on size or count
  rate_limited,     // too much, too fast; try later
  unavailable,      // a dependency of ours is down; try later
  storage_full,     // the disk is full; try later
  timeout,          // a deadline passed
  cancelled,        // we were asked to stop
  peer_gone,        // the other side closed or reset
  corrupt,          // stored data fails its checksum or does not decrypt
  unsupported,      // well-formed, but we don't do it
  internal,         // a bug or a failure that nobody can act on
};

[[nodiscard]] std::string_view to_string(Code code);

struct Error {
  Code code = Code::internal;
  std::string doing;   // the activity, as a gerund: "writing DATA to the spool"
  std::string detail;  // what went wrong, fit for an operator; never message content or secrets

  [[nodiscard]] std::string text() const;  // "doing: detail (code)"
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string doing,
                                                 std::string detail = {}) {
  return std::unexpected(Error{code, std::move(doing), std::move(detail)});
}

// Passes an error on from one Result type to another.
template <class T>
[[nodiscard]] std::unexpected<Error> fail(std::expected<T, Error>&& result) {
  return std::unexpected(std::move(result).error());
}

#define FUMI_CONCAT_(a, b) a##b
#define FUMI_CONCAT(a, b) FUMI_CONCAT_(a, b)

// FUMI_TRY(auto x, expression): declares x with the value, or returns the error. Not for
// coroutines.
#define FUMI_TRY(declaration, ...) \
  FUMI_TRY_(FUMI_CONCAT(fumi_try_, __LINE__), declaration, __VA_ARGS__)
#define FUMI_TRY_(temporary, declaration, ...)                          \
  auto temporary = (__VA_ARGS__);                                       \
  if (!temporary) return std::unexpected(std::move(temporary).error()); \
  declaration = std::move(*temporary)

// FUMI_CHECK(status): returns the error of a Status, if it is one. Not for coroutines.
#define FUMI_CHECK(...)                                                       \
  do {                                                                        \
    auto fumi_status = (__VA_ARGS__);                                         \
    if (!fumi_status) return std::unexpected(std::move(fumi_status).error()); \
  } while (false)

}  // namespace fumi
