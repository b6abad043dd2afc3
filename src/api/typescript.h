// TypeScript types from the same operations and schemas that OpenAPI is made of, for the consoles.
#pragma once

#include <string>

#include "api/openapi.h"

namespace fumi::api {

// A declaration file: an interface for each schema, and `Operations`: method, path, parameters,
// body and answer of each operation by its id.
[[nodiscard]] std::string typescript(const ApiDocument& document);

}  // namespace fumi::api
