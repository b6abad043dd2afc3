#!/bin/bash
# One large mailbox: SELECT, FETCH and STORE of all its messages, in clear. Environment: README.md.
set -u
. "$(dirname "$0")/lib.sh"
export MESSAGES=${MESSAGES:-100000} REPS=${REPS:-3} SEARCH_MESSAGES=0
begin imap-large
for one in ${ROWS:-fumi:imap dovecot:sdbox}; do
  name=${one%%:*} mode=${one#*:}
  start_row "$name" "$mode" || continue
  script=$(row_peer "$name")
  tools=$BENCH_TOOLS port=$("$script" port)
  if [ "$name" = fumi ]; then tools=$BENCH_OUT/fumi-tools port=$("$script" port imap); fi
  LABEL=$one BENCH_TOOLS=$tools "$PEERS/imap-large.sh" "$name" 127.0.0.1 "$port" | row
  "$script" stop
done
finish "messages=$MESSAGES" "reps=$REPS"
