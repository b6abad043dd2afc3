#include "service/control/owner_notice.h"

#include "mime/preview.h"
#include "mime/writer.h"

namespace fumi::service {
namespace {

Result<std::vector<Account>> owner_accounts(Tx& tx) {
  std::vector<Account> found;
  FUMI_TRY(const auto owners, tx.grants().owners());
  for (const AccountId id : owners) {
    FUMI_TRY(auto account, tx.directory().account(id));
    if (account) found.push_back(std::move(*account));
  }
  return found;
}

}  // namespace

Task<Result<PreparedNotice>> OwnerNotices::prepare(TenantScope scope, NoticeText text) {
  auto work = [](Tx& tx) { return owner_accounts(tx); };
  Result<std::vector<Account>> owners = co_await store_.read(scope, std::move(work));
  if (!owners) co_return std::unexpected(std::move(owners).error());
  PreparedNotice notice;
  notice.id = ids_.next<QueueId>();
  notice.message_id = "<" + notice.id.text() + "@" + hostname_ + ">";
  notice.subject = text.subject_ja + " / " + text.subject_en;
  mime::Draft draft;
  draft.from.push_back({"Fumi", "postmaster", hostname_});
  for (const Account& owner : *owners)
    draft.to.push_back({owner.display_name, owner.address.local, owner.address.domain});
  draft.subject = notice.subject;
  draft.date = clock_.now();
  draft.message_id = notice.message_id;
  draft.extra.push_back({"Auto-Submitted", "auto-generated"});  // RFC 3834 §5
  draft.text = text.body_ja + "\n\n" + text.body_en + "\n";
  Result<std::string> written = mime::write_message(draft);
  if (!written) co_return std::unexpected(std::move(written).error());
  const std::string bytes = "Return-Path: <>\r\n" + *written;
  const mime::Summary summary = mime::parse(bytes);
  notice.summary = mime::encode(summary, mime::preview(summary, bytes));
  notice.octets = bytes.size();
  Result<BlobRef> blob = co_await blobs_.put(scope, bytes);
  if (!blob) co_return std::unexpected(std::move(blob).error());
  notice.blob = *blob;
  co_return notice;
}

Status OwnerNotices::deliver(Tx& tx, const PreparedNotice& notice) const {
  FUMI_TRY(const std::vector<Account> owners, owner_accounts(tx));
  if (owners.empty()) return {};
  const Instant now = clock_.now();
  Record record;
  record.at = now;
  record.message = notice.id;
  record.subject = notice.subject;
  record.message_id = notice.message_id;
  record.protocol = "notice";
  record.octets = notice.octets;
  record.kind = RecordKind::accepted;
  FUMI_CHECK(tx.records().append(record));
  EmailContent content;
  content.blob = notice.blob;
  content.summary = notice.summary;
  content.message_id = notice.message_id;
  content.octets = notice.octets;
  content.received = now;
  for (const Account& owner : owners) {
    const Result<Appended> appended = tx.mailboxes().deliver(owner.id, content);
    const bool full = !appended && appended.error().code == Code::quota;
    if (!appended && !full) return std::unexpected(appended.error());
    record.kind = full ? RecordKind::bounced : RecordKind::delivered;
    record.to = owner.address.text();
    record.host = "mailbox";
    record.answer = full ? "552 5.2.2 The mailbox is full" : "250 2.1.5 Delivered";
    FUMI_CHECK(tx.records().append(record));
  }
  return {};
}

}  // namespace fumi::service
