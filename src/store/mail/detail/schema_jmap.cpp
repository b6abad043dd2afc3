#include "store/mail/detail/schema.h"

namespace fumi::store {

// `created` is the change that made the row. `named` is the last change to a mailbox that wasn't
// one of its counts. History before this migration isn't known: gone_floor says from where it is.
//
// New mail writes to no index of its own: most threads have one email, whose id is the thread's,
// and an email knows where it was put first. The indexes hold answers, and copies (`copied`).
//
// gone: what no other row tells of. kind 1: a mailbox; 2: an email; 3: an email that left a mailbox
// that was deleted; above: ObjectKind.
const char* const kSchemaJmap = R"sql(
ALTER TABLE accounts ADD COLUMN gone_floor BIGINT NOT NULL DEFAULT 0;
UPDATE accounts SET gone_floor = change;
ALTER TABLE mailboxes ADD COLUMN created BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN named BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mailboxes ADD COLUMN sort_order BIGINT NOT NULL DEFAULT 0;
ALTER TABLE emails ADD COLUMN created BIGINT NOT NULL DEFAULT 0;
ALTER TABLE expunged ADD COLUMN email_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE emails ADD COLUMN first_mailbox BIGINT NOT NULL DEFAULT 0;
ALTER TABLE emails ADD COLUMN first_uid BIGINT NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN copied BIGINT NOT NULL DEFAULT 0;
UPDATE entries SET copied = 1;
CREATE INDEX emails_by_thread ON emails (tenant_id, account_id, thread_id, email_id)
  WHERE thread_id <> email_id;
CREATE INDEX entries_by_email ON entries (tenant_id, account_id, email_id) WHERE copied <> 0;

CREATE TABLE gone (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  modseq BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  object_id BIGINT NOT NULL,
  thread_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, account_id, modseq, kind, object_id)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE uploads (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  upload_id BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  octets BIGINT NOT NULL,
  blob /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  type /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, upload_id)) /*sqlite WITHOUT ROWID*/;

CREATE TABLE objects (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  object_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  changed BIGINT NOT NULL,
  body /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, kind, object_id)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX objects_changed ON objects (tenant_id, account_id, kind, changed);
)sql";

}  // namespace fumi::store
