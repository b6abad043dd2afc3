// ObjectStore over SQL.
#pragma once

#include "domain/ports/object_store.h"
#include "store/mail/detail/context.h"

namespace fumi::store {

class SqlObjects final : public ObjectStore {
 public:
  explicit SqlObjects(Context& context) : context_(context) {}

  Result<std::vector<StoredObject>> list(AccountId account, ObjectKind kind) override;
  Result<std::optional<StoredObject>> object(AccountId account, ObjectKind kind,
                                             ObjectId id) override;
  Result<ObjectId> create(AccountId account, ObjectKind kind, const std::string& body,
                          std::uint32_t most) override;
  Status replace(AccountId account, ObjectKind kind, ObjectId id, const std::string& body) override;
  Status remove(AccountId account, ObjectKind kind, ObjectId id) override;
  Result<ObjectChanges<ObjectId>> changes(AccountId account, ObjectKind kind, ModSeq since,
                                          std::size_t most) override;

 private:
  Result<ModSeq> raise(AccountId account);
  Result<std::string> seal(AccountId account, ObjectKind kind, ObjectId id,
                           const std::string& body);

  Context& context_;
};

}  // namespace fumi::store
