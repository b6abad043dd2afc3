#!/bin/bash
# A mailbox of a million messages: what sessions with it cost in time and memory, in clear; and one of 100,000, with COPY,
# MOVE and EXPUNGE of all of it. Environment: README.md; CELLS, "server:mode:messages[:whole]" each.
set -u
. "$(dirname "$0")/lib.sh"
REPS=${REPS:-5} SESSIONS=${SESSIONS:-20}
begin imap-huge
. "$PEERS/lib.sh"
for cell in ${CELLS:-fumi:imap:1000000 fumi:imap:100000:whole dovecot:sdbox:100000:whole}; do
  IFS=: read -r name mode messages whole <<<"$cell"
  start_row "$name" "$mode" || continue
  script=$(row_peer "$name")
  if [ "$name" = fumi ]; then
    port=$("$script" port imap) login=("u90@$DOMAIN" "$PASSWORD")
  else
    port=$("$script" port) login=(u90 x)
  fi
  lock
  python3 "$BENCH_HOME/load/mailbox.py" 127.0.0.1 "$port" "${login[@]}" --label "$name:$mode $messages" --messages "$messages" \
    --sessions "$SESSIONS" --reps "$REPS" --procs "$CG/bench-$name/cgroup.procs" ${whole:+--whole} | row
  unlock
  "$script" stop
done
finish "reps=$REPS" "sessions=$SESSIONS"
