// ObjectStore: small documents of an account that have a change state: identities, submissions,
// vacation response, address books, contacts; what an import has had from its source. Their content
// is the service's; it is stored sealed.
//
// One method is one step of a transaction. Each change raises the account's counter and is told on
// the change bus as one of the account (mailbox 0).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/ports/email_store.h"

namespace fumi {

// Stored as numbers: never renumber. 1 to 9 are the store's own.
enum class ObjectKind : std::uint8_t {
  identity = 10,
  submission = 11,
  vacation = 12,
  address_book = 13,
  contact = 14,
  import_origins = 15,
  push_subscription = 16,
};

struct StoredObject {
  ObjectId id;
  std::string body;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Ascending by id.
  virtual Result<std::vector<StoredObject>> list(AccountId account, ObjectKind kind) = 0;
  virtual Result<std::optional<StoredObject>> object(AccountId account, ObjectKind kind,
                                                     ObjectId id) = 0;
  // quota: the account has `most` of that kind. too_large: the body is over kObjectOctetsMax.
  virtual Result<ObjectId> create(AccountId account, ObjectKind kind, const std::string& body,
                                  std::uint32_t most) = 0;
  virtual Status replace(AccountId account, ObjectKind kind, ObjectId id,
                         const std::string& body) = 0;                         // not_found
  virtual Status remove(AccountId account, ObjectKind kind, ObjectId id) = 0;  // not_found
  // As EmailStore::email_changes().
  virtual Result<ObjectChanges<ObjectId>> changes(AccountId account, ObjectKind kind, ModSeq since,
                                                  std::size_t most) = 0;
};

inline constexpr std::size_t kObjectOctetsMax = 256 * 1024;

}  // namespace fumi
