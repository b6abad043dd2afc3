// SqlTx, SqlPlatformTx: a transaction's ports, each made when it is first asked for.
#pragma once

#include <deque>
#include <optional>

#include "domain/ports/store.h"
#include "store/mail/detail/acl.h"
#include "store/mail/detail/attachment_texts.h"
#include "store/mail/detail/away.h"
#include "store/mail/detail/context.h"
#include "store/mail/detail/directory.h"
#include "store/mail/detail/emails.h"
#include "store/mail/detail/grants.h"
#include "store/mail/detail/limits.h"
#include "store/mail/detail/mailboxes.h"
#include "store/mail/detail/metadata.h"
#include "store/mail/detail/objects.h"
#include "store/mail/detail/platform.h"
#include "store/mail/detail/queue.h"
#include "store/mail/detail/records.h"
#include "store/mail/detail/search.h"
#include "store/mail/detail/settings.h"

namespace fumi::store {

class SqlTx final : public Tx {
 public:
  SqlTx(Shared& shared, sql::Session& session, const TenantScope& scope, Effects& effects)
      : context_(shared, session, scope, effects) {}

  [[nodiscard]] const TenantScope& scope() const override { return context_.scope(); }
  DirectoryStore& directory() override { return port(directory_); }
  LimitStore& limits() override { return port(limits_); }
  MailboxStore& mailboxes() override { return port(mailboxes_); }
  AclStore& acls() override {
    if (!acls_) acls_.emplace(context_, port(mailboxes_));
    return *acls_;
  }
  MetadataStore& metadata() override { return port(metadata_); }
  EmailStore& emails() override {
    if (!emails_) emails_.emplace(context_, port(mailboxes_));
    return *emails_;
  }
  ObjectStore& objects() override { return port(objects_); }
  QueueStore& queue() override { return port(queue_); }
  RecordStore& records() override { return port(records_); }
  SearchStore& search() override { return port(search_); }
  PushStore& push() override { return port(push_); }
  VacationStore& vacation() override { return port(vacation_); }
  SettingStore& settings() override { return port(settings_); }
  GrantStore& grants() override { return port(grants_); }
  AttachmentTextStore& attachment_texts() override { return port(attachment_texts_); }
  SqlRecords& sql_records() { return port(records_); }
  SqlMailboxes& sql_mailboxes() { return port(mailboxes_); }
  Context& context() { return context_; }

 private:
  template <class Port>
  Port& port(std::optional<Port>& kept) {
    if (!kept) kept.emplace(context_);
    return *kept;
  }

  Context context_;
  std::optional<SqlDirectory> directory_;
  std::optional<SqlLimits> limits_;
  std::optional<SqlMailboxes> mailboxes_;
  std::optional<SqlAcl> acls_;
  std::optional<SqlMetadata> metadata_;
  std::optional<SqlEmails> emails_;
  std::optional<SqlObjects> objects_;
  std::optional<SqlQueue> queue_;
  std::optional<SqlRecords> records_;
  std::optional<SqlSearch> search_;
  std::optional<SqlPush> push_;
  std::optional<SqlVacation> vacation_;
  std::optional<SqlSettings> settings_;
  std::optional<SqlGrants> grants_;
  std::optional<SqlAttachmentTexts> attachment_texts_;
};

class SqlPlatformTx final : public PlatformTx {
 public:
  SqlPlatformTx(Shared& shared, sql::Session& session, Effects& effects)
      : shared_(shared), session_(session), effects_(effects), platform_(*this) {}

  PlatformStore& platform() override { return platform_; }
  Tx& in(const TenantScope& scope) override { return tx(scope); }
  SqlTx& tx(const TenantScope& scope);

  [[nodiscard]] Shared& shared() const { return shared_; }
  [[nodiscard]] sql::Session& session() const { return session_; }

 private:
  Shared& shared_;
  sql::Session& session_;
  Effects& effects_;
  SqlPlatform platform_;
  std::deque<SqlTx> txs_;  // references stay valid
};

}  // namespace fumi::store
