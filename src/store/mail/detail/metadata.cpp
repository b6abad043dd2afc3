#include "store/mail/detail/metadata.h"

#include <algorithm>

#include "base/ascii.h"
#include "store/mail/detail/wire.h"

namespace fumi::store {
namespace {

using sql::Blob;
using sql::Row;
using sql::Statement;

constexpr Statement kAll{
    "SELECT entry_key, body FROM mailbox_metadata"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};
constexpr Statement kSet{
    "INSERT INTO mailbox_metadata (tenant_id, account_id, mailbox_id, entry_key, body)"
    " VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (tenant_id, account_id, mailbox_id, entry_key)"
    " DO UPDATE SET body = excluded.body"};
constexpr Statement kRemove{
    "DELETE FROM mailbox_metadata"
    " WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3 AND entry_key = $4"};
constexpr Statement kDropAll{
    "DELETE FROM mailbox_metadata WHERE tenant_id = $1 AND account_id = $2 AND mailbox_id = $3"};

}  // namespace

Result<std::vector<Metadata>> SqlMetadata::metadata(AccountId account, MailboxId mailbox) {
  std::vector<Metadata> found;
  auto visit = [&](const Row& row) -> Status {
    const Aad aad(account, mailbox, row.int64(0));
    FUMI_TRY(const std::string body, context_.open(purpose::kMetadata, row.blob(1), aad));
    WireReader reader(body);
    Metadata one;
    one.entry = reader.text();
    one.value = reader.text();
    FUMI_CHECK(reader.done("reading an annotation"));
    found.push_back(std::move(one));
    return {};
  };
  FUMI_CHECK(context_.query(kAll, visit, account, mailbox));
  std::ranges::sort(found, {}, &Metadata::entry);
  return found;
}

Status SqlMetadata::set_metadata(AccountId account, MailboxId mailbox, const std::string& entry,
                                 const std::optional<std::string>& value) {
  FUMI_TRY(const std::int64_t key, context_.blind63(purpose::kMetadata, ascii::to_lower(entry)));
  context_.changed(account, mailbox);
  if (!value) return context_.run(kRemove, account, mailbox, key);
  WireWriter body;
  body.text(entry).text(*value);
  const Aad aad(account, mailbox, key);
  FUMI_TRY(const std::string sealed, context_.seal(purpose::kMetadata, body.take(), aad));
  return context_.run(kSet, account, mailbox, key, Blob(sealed));
}

Status SqlMetadata::drop_all(AccountId account, MailboxId mailbox) {
  return context_.run(kDropAll, account, mailbox);
}

}  // namespace fumi::store
