// Errors of our own APIs: RFC 9457 problem details.
#pragma once

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
  std::string field;  // of the request, where one is to blame
};

// The only place where Codes become HTTP. Internal errors lose their detail: it is logged, not
// told.
[[nodiscard]] Problem to_http(const Error& error);
[[nodiscard]] Problem to_http(const FieldProblem& problem);

// application/problem+json; 401 carries WWW-Authenticate, 429 and 503 Retry-After.
[[nodiscard]] http::Response problem_response(const Problem& problem);

// The component that documents it.
[[nodiscard]] const SchemaInfo& problem_schema();

}  // namespace fumi::api
