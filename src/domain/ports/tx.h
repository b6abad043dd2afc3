// Tx: what a closure works on: the ports of one tenant in one transaction (store.h), or of several
// tenants. Valid while the closure runs, on its thread.
#pragma once

#include "domain/ports/acl_store.h"
#include "domain/ports/attachment_text_store.h"
#include "domain/ports/directory_store.h"
#include "domain/ports/email_store.h"
#include "domain/ports/grant_store.h"
#include "domain/ports/limit_store.h"
#include "domain/ports/mailbox_store.h"
#include "domain/ports/metadata_store.h"
#include "domain/ports/object_store.h"
#include "domain/ports/platform_store.h"
#include "domain/ports/push_store.h"
#include "domain/ports/queue_store.h"
#include "domain/ports/record_store.h"
#include "domain/ports/search_store.h"
#include "domain/ports/setting_store.h"
#include "domain/ports/vacation_store.h"
#include "domain/scope.h"

namespace fumi {

// One transaction in one tenant's scope.
class Tx {
 public:
  virtual ~Tx() = default;
  [[nodiscard]] virtual const TenantScope& scope() const = 0;
  virtual DirectoryStore& directory() = 0;
  virtual LimitStore& limits() = 0;
  virtual MailboxStore& mailboxes() = 0;
  virtual AclStore& acls() = 0;
  virtual MetadataStore& metadata() = 0;
  virtual EmailStore& emails() = 0;
  virtual ObjectStore& objects() = 0;
  virtual QueueStore& queue() = 0;
  virtual RecordStore& records() = 0;
  virtual SearchStore& search() = 0;
  virtual PushStore& push() = 0;
  virtual VacationStore& vacation() = 0;
  virtual SettingStore& settings() = 0;
  virtual GrantStore& grants() = 0;
  virtual AttachmentTextStore& attachment_texts() = 0;
};

// One transaction across tenants. `in(scope)` steps into one of them.
class PlatformTx {
 public:
  virtual ~PlatformTx() = default;
  virtual PlatformStore& platform() = 0;
  virtual Tx& in(const TenantScope& scope) = 0;
};

}  // namespace fumi
