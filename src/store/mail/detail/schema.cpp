#include "store/mail/detail/schema.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "store/mail/detail/schema_acl.h"
#include "store/mail/detail/schema_metadata.h"

namespace fumi::store {
namespace {

// Types: BIGINT for every number, `/*pg BYTEA*//*sqlite BLOB*/` for what is sealed or binary.
// Sealed columns hold crypto::TenantKeys::seal() output; their additional data is the row's key.
constexpr const char* kFirst = R"sql(
CREATE TABLE tenants (
  tenant_id BIGINT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  status BIGINT NOT NULL,
  created BIGINT NOT NULL);
CREATE UNIQUE INDEX tenants_by_name ON tenants (name);

CREATE TABLE operators (
  operator_id BIGINT NOT NULL PRIMARY KEY,
  token_hash /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  name TEXT NOT NULL,
  created BIGINT NOT NULL);
CREATE UNIQUE INDEX operators_by_token ON operators (token_hash);

-- A name belongs to one tenant of the whole installation, so this table is keyed by it.
CREATE TABLE domains (
  name TEXT NOT NULL PRIMARY KEY,
  tenant_id BIGINT NOT NULL,
  domain_id BIGINT NOT NULL,
  created BIGINT NOT NULL) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX domains_by_tenant ON domains (tenant_id, domain_id);

CREATE TABLE dkim_keys (
  tenant_id BIGINT NOT NULL,
  domain_id BIGINT NOT NULL,
  dkim_key_id BIGINT NOT NULL,
  selector TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  dns_record TEXT NOT NULL,
  private_key /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, domain_id, dkim_key_id)) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX dkim_keys_by_selector ON dkim_keys (tenant_id, domain_id, selector);

-- Written by every delivery: nothing but small numbers here.
CREATE TABLE accounts (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  status BIGINT NOT NULL,
  quota_octets BIGINT NOT NULL,
  used_octets BIGINT NOT NULL,
  change BIGINT NOT NULL,
  inbox_id BIGINT NOT NULL,
  uid_validity BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE account_profiles (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  domain_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  credential_version BIGINT NOT NULL,
  profile /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  credential /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE addresses (
  tenant_id BIGINT NOT NULL,
  address_key /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  account_id BIGINT NOT NULL,
  is_alias BIGINT NOT NULL,
  domain_id BIGINT NOT NULL,
  address /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, address_key)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX addresses_by_account ON addresses (tenant_id, account_id);
CREATE INDEX addresses_by_domain ON addresses (tenant_id, domain_id);

CREATE TABLE app_passwords (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  app_password_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, app_password_id)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE api_users (
  tenant_id BIGINT NOT NULL,
  api_user_id BIGINT NOT NULL,
  domain_id BIGINT NOT NULL,
  name_key /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  smtp_access BIGINT NOT NULL,
  http_access BIGINT NOT NULL,
  status BIGINT NOT NULL,
  credential_version BIGINT NOT NULL,
  created BIGINT NOT NULL,
  name /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  credential /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, api_user_id)) /*sqlite WITHOUT ROWID*/;
CREATE UNIQUE INDEX api_users_by_name ON api_users (tenant_id, name_key);
CREATE INDEX api_users_by_domain ON api_users (tenant_id, domain_id);

CREATE TABLE mailboxes (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  mailbox_id BIGINT NOT NULL,
  role BIGINT NOT NULL,
  subscribed BIGINT NOT NULL,
  uid_validity BIGINT NOT NULL,
  uid_next BIGINT NOT NULL,
  modseq BIGINT NOT NULL,
  total BIGINT NOT NULL,
  unseen BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  expunged_count BIGINT NOT NULL,
  expunged_floor BIGINT NOT NULL,
  name /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, mailbox_id)) /*sqlite WITHOUT ROWID*/;

-- `copies` counts the entries that share the email; with the last one it goes.
CREATE TABLE emails (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  email_id BIGINT NOT NULL,
  thread_id BIGINT NOT NULL,
  copies BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  received BIGINT NOT NULL,
  blob /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  summary /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, email_id)) /*sqlite WITHOUT ROWID*/;

-- `appended` is the change that made the entry. It ascends with the UID, so new entries are found
-- from the mailbox's end; only entries changed later need an index for "changed since".
CREATE TABLE entries (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  mailbox_id BIGINT NOT NULL,
  uid BIGINT NOT NULL,
  email_id BIGINT NOT NULL,
  flags BIGINT NOT NULL,
  appended BIGINT NOT NULL,
  modseq BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  received BIGINT NOT NULL,
  keywords /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, mailbox_id, uid)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX entries_changed ON entries (tenant_id, account_id, mailbox_id, modseq)
  WHERE modseq > appended;
CREATE INDEX entries_deleted ON entries (tenant_id, account_id, mailbox_id, uid)
  WHERE (flags & 8) <> 0;

CREATE TABLE expunged (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  mailbox_id BIGINT NOT NULL,
  modseq BIGINT NOT NULL,
  uid BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, mailbox_id, modseq, uid)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE thread_refs (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  ref_hash BIGINT NOT NULL,
  thread_id BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, ref_hash)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE queue_messages (
  tenant_id BIGINT NOT NULL,
  queue_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  waiting BIGINT NOT NULL,
  recipients BIGINT NOT NULL,
  delay_notified BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  blob /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, queue_id)) /*sqlite WITHOUT ROWID*/;

-- `next_at` is when a waiting recipient may be claimed: its due time, or the end of its lease.
CREATE TABLE queue_recipients (
  tenant_id BIGINT NOT NULL,
  queue_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  domain TEXT NOT NULL,
  state BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  lease_owner BIGINT NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  last /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, queue_id, number)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX queue_recipients_waiting ON queue_recipients (next_at) WHERE state = 0;

-- Where each stream's chain stands: the number, id and hash of its last record (mail: of the last
-- sealed one).
CREATE TABLE record_heads (
  tenant_id BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  number BIGINT NOT NULL,
  last_id BIGINT NOT NULL,
  hash /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, stream)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE chain_records (
  tenant_id BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  record_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  at BIGINT NOT NULL,
  from_key BIGINT NOT NULL,
  to_key BIGINT NOT NULL,
  hash /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, stream, record_id)) /*sqlite WITHOUT ROWID*/;

-- A sealed batch of mail records: numbers first_number … first_number + count - 1; `hash` is the
-- chain's value behind its last record.
CREATE TABLE record_seals (
  tenant_id BIGINT NOT NULL,
  last_id BIGINT NOT NULL,
  first_id BIGINT NOT NULL,
  first_number BIGINT NOT NULL,
  records BIGINT NOT NULL,
  previous /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  hash /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  sealed_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, last_id)) /*sqlite WITHOUT ROWID*/;
)sql";

// from_key and to_key have no index: a search reads the tenant's range of the day in one sweep.
constexpr std::string_view kMailRecords = R"sql(
CREATE TABLE IF NOT EXISTS {table} (
  tenant_id BIGINT NOT NULL,
  record_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  queue_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  from_key BIGINT NOT NULL,
  to_key BIGINT NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, record_id)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX IF NOT EXISTS {table}_q ON {table} (tenant_id, queue_id);
)sql";

}  // namespace

std::span<const sql::Migration> migrations() {
  static const std::array kMigrations{sql::Migration{1, "mail", kFirst},
                                      sql::Migration{2, "search", kSearchSchema},
                                      sql::Migration{3, "savedate", kSchemaSavedate},
                                      sql::Migration{4, "metadata", kSchemaMetadata},
                                      sql::Migration{5, "jmap", kSchemaJmap},
                                      sql::Migration{6, "acl", kSchemaAcl},
                                      sql::Migration{7, "flagblocks", kSchemaFlagblocks},
                                      sql::Migration{8, "away", kSchemaAway},
                                      sql::Migration{9, "settings", kSchemaSettings},
                                      sql::Migration{10, "control", kSchemaControl},
                                      sql::Migration{11, "people", kSchemaPeople},
                                      sql::Migration{12, "attachments", kSchemaAttachments},
                                      sql::Migration{13, "held", kSchemaHeld}};
  return kMigrations;
}

std::string_view mail_records_template() { return kMailRecords; }

int day_of(Instant at) {
  return static_cast<int>(std::chrono::floor<std::chrono::days>(at).time_since_epoch().count());
}

std::string mail_records_table(int day) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  char digits[16];
  std::snprintf(digits, sizeof digits, "%04d%02u%02u", int(date.year()), unsigned(date.month()),
                unsigned(date.day()));
  return std::string(kMailRecordsPrefix) + digits;
}

}  // namespace fumi::store
