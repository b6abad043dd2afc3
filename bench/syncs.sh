#!/bin/bash
# fsync and fdatasync calls a message (strace attached), at SESSIONS sessions (default 5).
set -u
. "$(dirname "$0")/lib.sh"
begin syncs
for one in ${ROWS:-fumi:local postfix:dovecot-maildir}; do
  name=${one%%:*} mode=${one#*:}
  start_row "$name" "$mode" || continue
  script=$(row_peer "$name")
  for sessions in ${SESSIONS:-1 5 50}; do
    LABEL="$one $sessions" SESSIONS=$sessions COUNT_CMD="$script count" "$PEERS/smtp-fsync.sh" "$name" 127.0.0.1 "$("$script" port)" | row
  done
  "$script" stop
done
finish "sessions=${SESSIONS:-1 5 50}"
