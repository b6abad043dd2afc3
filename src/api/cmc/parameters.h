// Parameters: one request of the sending API, from whichever client library sent it.
//
// JSON, form and multipart bodies become one JSON object; what a library wrote as JSON text into a
// string is read as the JSON that it is. Unknown parameters are ignored.
#pragma once

#include <expected>
#include <string>

#include "api/cmc/faults.h"
#include "api/json.h"
#include "base/secret.h"
#include "proto/http/message.h"
#include "service/sending/sending.h"

namespace fumi::cmc {

struct Parameters {
  api::Json values;                      // an object
  std::vector<service::SendFile> files;  // by parameter name in `names`
  std::vector<std::string> names;

  // The value of a scalar as text, whatever JSON type it came in; "" when absent or null.
  [[nodiscard]] std::string text(std::string_view name) const;
};

template <class T>
using Parsed = std::expected<T, Fault>;

[[nodiscard]] Parsed<Parameters> read_parameters(const http::Request& request);
// Limits of the documentation: 10 addresses in each of to, cc and bcc, 512 characters of subject,
// 10 files.
[[nodiscard]] Parsed<service::SendRequest> read_send_request(Parameters parameters);

}  // namespace fumi::cmc
