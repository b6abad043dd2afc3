#!/bin/bash
# IMAP operation mix, in clear. Environment: README.md.
set -u
. "$(dirname "$0")/lib.sh"
export SESSIONS=${SESSIONS:-1 20 100} SECS=${SECS:-5} REPS=${REPS:-3}
begin imap
for one in ${ROWS:-fumi:imap dovecot:maildir dovecot:sdbox}; do
  name=${one%%:*} mode=${one#*:}
  start_row "$name" "$mode" || continue
  script=$(row_peer "$name")
  tools=$BENCH_TOOLS port=$("$script" port)
  if [ "$name" = fumi ]; then tools=$BENCH_OUT/fumi-tools port=$("$script" port imap); fi
  LABEL=$one BENCH_TOOLS=$tools "$PEERS/imap-mix.sh" "$name" 127.0.0.1 "$port" | row
  "$script" stop
done
finish "sessions=$SESSIONS" "secs=$SECS" "reps=$REPS"
