// Bouncer: writes the delivery status notifications (RFC 3464) that senders are owed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "domain/ports/blob_store.h"
#include "domain/ports/store.h"
#include "domain/queue.h"
#include "service/tenancy/routing.h"

namespace fumi::service {

enum class NoticeKind : std::uint8_t { failed, delayed, relayed, delivered };

struct NoticeRecipient {
  const QueueRecipient* recipient = nullptr;
  std::string answer;  // SMTP answer, or our own words in its form: "550 5.1.1 ..."
  std::string host;    // who answered; empty: we did
};

// A notice that is written as a blob and waits for the transaction that sends it.
struct Notice {
  NoticeKind kind = NoticeKind::failed;
  QueueId id;
  EmailAddress to;
  Route route;  // of `to`
  BlobRef blob;
  std::string summary;
  std::string message_id;
  std::string subject;
  std::string bytes;
  bool smtputf8 = false;  // it travels by SMTPUTF8 only (RFC 6531, RFC 6533)
};

class Bouncer {
 public:
  Bouncer(BlobStore& blobs, Routing& routing, IdGenerator& ids, const Clock& clock,
          std::string hostname)
      : blobs_(blobs),
        routing_(routing),
        ids_(ids),
        clock_(clock),
        hostname_(std::move(hostname)) {}

  // nullopt when nobody is owed one: a null reverse-path (RFC 5321 §4.5.5, never bounce a bounce),
  // or NOTIFY excludes it (RFC 3461 §4.1). `original` is the message itself, for the returned part.
  Task<Result<std::optional<Notice>>> compose(TenantScope scope, const QueueMessage& message,
                                              NoticeKind kind,
                                              std::vector<NoticeRecipient> recipients,
                                              const std::string& original,
                                              std::optional<Instant> will_retry_until);

  // Puts the notice into its mailbox, or into the spool, within the caller's transaction.
  // `lease_until` epoch: free for claiming.
  Status send(Tx& tx, const Notice& notice, Duration lifetime) const;

  // Whether RFC 3461 owes this recipient a notice of that kind.
  [[nodiscard]] static bool is_owed(const QueueMessage& message, const QueueRecipient& recipient,
                                    NoticeKind kind);

 private:
  BlobStore& blobs_;
  Routing& routing_;
  IdGenerator& ids_;
  const Clock& clock_;
  std::string hostname_;
};

}  // namespace fumi::service
