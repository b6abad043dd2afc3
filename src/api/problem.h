// Errors of our own APIs: RFC 9457 problem details.
#pragma once

#include <cstdint>
#include <string>

#include "api/field.h"
#include "base/result.h"
#include "proto/http/message.h"

namespace fumi::api {

struct Problem {
  int status = 500;
  std::string type;   // "urn:fumi:problem:not-found"
  std::string title;  // the same for every problem of the type
  std::string detail;
  std::string field;      // of the request, where one is to blame
  std::string detail_ja;  // empty: only in English
};

enum class Language : std::uint8_t { english, japanese };
// By Accept-Language; English where it asks for neither.
[[nodiscard]] Language language_of(const http::Request& request);

// The only place where Codes become HTTP. Internal errors lose their detail: it is logged, not
// told.
[[nodiscard]] Problem to_http(const Error& error);
[[nodiscard]] Problem to_http(const FieldProblem& problem);

// application/problem+json; 401 carries WWW-Authenticate, 429 and 503 Retry-After. The title, and
// what is wrong with a field, are in the language that was asked for. A field of the body is also
// told as a JSON Pointer.
[[nodiscard]] http::Response problem_response(const Problem& problem,
                                              Language language = Language::english);

// The component that documents it.
[[nodiscard]] const SchemaInfo& problem_schema();

}  // namespace fumi::api
