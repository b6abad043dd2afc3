// OwnerNotice: a mail to all owners of a tenant, in the transaction of what it tells.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/store.h"

namespace fumi::service {

// Words for people, in Japanese and English; both go into the mail.
struct NoticeText {
  std::string subject_ja, subject_en;
  std::string body_ja, body_en;
};

// A notice whose bytes are durable and wait for the transaction. Without owners: empty.
struct PreparedNotice {
  QueueId id;
  BlobRef blob;
  std::string summary;
  std::string message_id;
  std::string subject;
  std::uint64_t octets = 0;
};

class OwnerNotices {
 public:
  OwnerNotices(Store& store, BlobStore& blobs, IdGenerator& ids, const Clock& clock,
               std::string hostname)
      : store_(store), blobs_(blobs), ids_(ids), clock_(clock), hostname_(std::move(hostname)) {}

  Task<Result<PreparedNotice>> prepare(TenantScope scope, NoticeText text);
  // Into the inbox of each owner that there is now, and onto the record. A full mailbox is passed
  // over: the record of the change itself is what counts.
  Status deliver(Tx& tx, const PreparedNotice& notice) const;

 private:
  Store& store_;
  BlobStore& blobs_;
  IdGenerator& ids_;
  const Clock& clock_;
  std::string hostname_;
};

}  // namespace fumi::service
