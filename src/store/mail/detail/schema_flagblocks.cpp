#include "store/mail/detail/schema.h"

namespace fumi::store {

// Flags, keywords and MODSEQ of entries, in blocks of kBlockUids UIDs (entry_states.h). What a
// block says of an entry is so; of one that no block names (new mail, and entries from before this
// migration until their block is first changed), the entry's row.
//
// `modseq` is the block's greatest. `sealed`: every entry of its UIDs is in it, and entry_facts has
// what lists need of their rows. `keywords` are the block's sets, sealed; empty if there are none.
const char* const kSchemaFlagblocks = R"sql(
CREATE TABLE entry_blocks (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  mailbox_id BIGINT NOT NULL,
  block BIGINT NOT NULL,
  modseq BIGINT NOT NULL,
  deleted BIGINT NOT NULL,
  sealed BIGINT NOT NULL,
  states /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  keywords /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, mailbox_id, block)) /*sqlite WITHOUT ROWID*/;
CREATE INDEX entry_blocks_changed ON entry_blocks (tenant_id, account_id, mailbox_id, modseq);
CREATE INDEX entry_blocks_deleted ON entry_blocks (tenant_id, account_id, mailbox_id, block)
  WHERE deleted <> 0;

CREATE TABLE entry_facts (
  tenant_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  mailbox_id BIGINT NOT NULL,
  block BIGINT NOT NULL,
  facts /*pg BYTEA*//*sqlite BLOB*/ NOT NULL,
  PRIMARY KEY (tenant_id, account_id, mailbox_id, block)) /*sqlite WITHOUT ROWID*/;
)sql";

}  // namespace fumi::store
