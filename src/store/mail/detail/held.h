// Whether an email is still in a mailbox: an email knows where it was put first, and its other
// places are the entries with `copied`, which have an index. So nothing is counted, and a copy or
// an expunge writes no row of `emails` that stays. $1 is the tenant, $2 the account.
#pragma once

// Conditions on a row of `emails`; the arguments narrow the entries that count, f: where it was put
// first, c: copies.
#define FUMI_NOT_HELD_BY(FIRST, COPIES)                                                      \
  " AND NOT EXISTS (SELECT 1 FROM entries AS f WHERE f.tenant_id = $1 AND f.account_id = $2" \
  " AND f.mailbox_id = emails.first_mailbox AND f.uid = emails.first_uid"                    \
  " AND f.email_id = emails.email_id" FIRST                                                  \
  ")"                                                                                        \
  " AND NOT EXISTS (SELECT 1 FROM entries AS c /*sqlite INDEXED BY entries_by_email*/"       \
  " WHERE c.tenant_id = $1 AND c.account_id = $2"                                            \
  " AND c.email_id = emails.email_id AND c.copied <> 0" COPIES ")"
#define FUMI_NOT_HELD FUMI_NOT_HELD_BY("", "")
