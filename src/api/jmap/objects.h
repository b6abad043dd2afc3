// Types whose objects are JSON documents of the account (domain/ports/object_store.h).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/jmap/call.h"

namespace fumi::jmap {

// With "id" put in.
[[nodiscard]] MethodResult<Json> read_object(const StoredObject& stored);
[[nodiscard]] MethodResult<std::vector<Json>> read_objects(Call& call, Tx& tx, ObjectKind kind);

// nullopt: there is none.
[[nodiscard]] MethodResult<std::optional<Json>> find_object(Call& call, Tx& tx, ObjectKind kind,
                                                            const std::string& id);

// The whole of a /get and of a /changes for such a type.
enum class Properties : std::uint8_t { fixed, open };  // open: a document may lack any
// What is told beyond the document; runs in the transaction.
using Complete = MethodResult<Json> (*)(Call&, Tx&, Json);
Task<Answer> get_objects(Call& call, ObjectKind kind, Properties properties = Properties::fixed,
                         Complete complete = nullptr);
Task<Answer> changes_of_objects(Call& call, ObjectKind kind);

// Stores without "id" and the properties that are computed.
[[nodiscard]] std::string object_body(Json object);

}  // namespace fumi::jmap
