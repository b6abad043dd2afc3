#include "store/mail/detail/objects.h"

#include "store/mail/detail/emails.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

#define FUMI_OF_KIND " WHERE tenant_id = $1 AND account_id = $2 AND kind = $3"

constexpr Statement kList{"SELECT object_id, body FROM objects" FUMI_OF_KIND " ORDER BY object_id"};
constexpr Statement kOne{"SELECT object_id, body FROM objects" FUMI_OF_KIND " AND object_id = $4"};
constexpr Statement kCount{"SELECT count(*) FROM objects" FUMI_OF_KIND};
constexpr Statement kInsert{
    "INSERT INTO objects (tenant_id, account_id, kind, object_id, created, changed, body)"
    " VALUES ($1, $2, $3, $4, $5, $5, $6)"};
constexpr Statement kUpdate{"UPDATE objects SET changed = $5, body = $6" FUMI_OF_KIND
                            " AND object_id = $4"};
constexpr Statement kDelete{"DELETE FROM objects" FUMI_OF_KIND
                            " AND object_id = $4 RETURNING created"};
constexpr Statement kRemember{
    "INSERT INTO gone (tenant_id, account_id, modseq, kind, object_id, thread_id, created)"
    " VALUES ($1, $2, $5, $3, $4, 0, $6)"};
constexpr Statement kChanged{"SELECT object_id, created, changed FROM objects" FUMI_OF_KIND
                             " AND changed > $4"};
constexpr Statement kGone{"SELECT object_id, modseq FROM gone" FUMI_OF_KIND
                          " AND modseq > $4 AND created <= $4"};
constexpr Statement kRaise{
    "UPDATE accounts SET change = change + 1"
    " WHERE tenant_id = $1 AND account_id = $2 AND status <> 2 RETURNING change"};

using Step = ChangeStep<ObjectId>;

}  // namespace

Result<ModSeq> SqlObjects::raise(AccountId account) {
  FUMI_TRY(const auto change,
           context_.one(kRaise, [](const Row& row) { return row.id<ModSeq>(0); }, account));
  if (!change) return fail(Code::not_found, "changing an account", "no such account");
  context_.changed(account, MailboxId());
  return *change;
}

Result<std::string> SqlObjects::seal(AccountId account, ObjectKind kind, ObjectId id,
                                     const std::string& body) {
  if (body.size() > kObjectOctetsMax) {
    return fail(Code::too_large, "storing an object", "it has too many octets");
  }
  return context_.seal(purpose::kObject, body, Aad(account, static_cast<int>(kind), id));
}

Result<std::vector<StoredObject>> SqlObjects::list(AccountId account, ObjectKind kind) {
  std::vector<StoredObject> found;
  auto visit = [&](const Row& row) -> Status {
    const auto id = row.id<ObjectId>(0);
    FUMI_TRY(auto body, context_.open(purpose::kObject, row.blob(1),
                                      Aad(account, static_cast<int>(kind), id)));
    found.push_back({id, std::move(body)});
    return {};
  };
  FUMI_CHECK(context_.query(kList, visit, account, kind));
  return found;
}

Result<std::optional<StoredObject>> SqlObjects::object(AccountId account, ObjectKind kind,
                                                       ObjectId id) {
  auto map = [&](const Row& row) -> Result<StoredObject> {
    FUMI_TRY(auto body, context_.open(purpose::kObject, row.blob(1),
                                      Aad(account, static_cast<int>(kind), id)));
    return StoredObject{id, std::move(body)};
  };
  return context_.one(kOne, map, account, kind, id);
}

Result<ObjectId> SqlObjects::create(AccountId account, ObjectKind kind, const std::string& body,
                                    std::uint32_t most) {
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_TRY(const auto held,
           context_.one(kCount, [](const Row& row) { return row.int64(0); }, account, kind));
  if (held.value_or(0) >= std::int64_t{most}) {
    return fail(Code::quota, "storing an object", "the account has too many of its kind");
  }
  const auto id = context_.next_id<ObjectId>();
  FUMI_TRY(const auto sealed, seal(account, kind, id, body));
  FUMI_CHECK(context_.run(kInsert, account, kind, id, modseq, Blob{sealed}));
  return id;
}

Status SqlObjects::replace(AccountId account, ObjectKind kind, ObjectId id,
                           const std::string& body) {
  FUMI_TRY(const ModSeq modseq, raise(account));
  FUMI_TRY(const auto sealed, seal(account, kind, id, body));
  FUMI_TRY(const auto rows, context_.execute(kUpdate, account, kind, id, modseq, Blob{sealed}));
  if (rows == 0) return fail(Code::not_found, "changing an object");
  return {};
}

Status SqlObjects::remove(AccountId account, ObjectKind kind, ObjectId id) {
  FUMI_TRY(const ModSeq modseq, raise(account));
  auto map = [](const Row& row) { return row.id<ModSeq>(0); };
  FUMI_TRY(const auto created, context_.one(kDelete, map, account, kind, id));
  if (!created) return fail(Code::not_found, "removing an object");
  return context_.run(kRemember, account, kind, id, modseq, *created);
}

Result<ObjectChanges<ObjectId>> SqlObjects::changes(AccountId account, ObjectKind kind,
                                                    ModSeq since, std::size_t most) {
  FUMI_TRY(const ModSeq now, require_state(context_, account, since));
  std::vector<Step> steps;
  auto visit = [&](const Row& row) {
    const auto created = row.id<ModSeq>(1);
    const bool fresh = created > since;
    steps.push_back({fresh ? created : row.id<ModSeq>(2), row.id<ObjectId>(0),
                     fresh ? Step::What::created : Step::What::updated});
  };
  FUMI_CHECK(context_.query(kChanged, visit, account, kind, since));
  auto end = [&](const Row& row) {
    steps.push_back({row.id<ModSeq>(1), row.id<ObjectId>(0), Step::What::destroyed});
  };
  FUMI_CHECK(context_.query(kGone, end, account, kind, since));
  return cut_changes(std::move(steps), now, most);
}

}  // namespace fumi::store
