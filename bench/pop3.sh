#!/bin/bash
# POP3: sessions that fetch every message of their maildrops and leave them there, in clear; each RETR alone, and eight
# ahead (PIPELINING). Environment: README.md; FILL (200) messages of 4 KB in each maildrop.
set -u
. "$(dirname "$0")/lib.sh"
export SESSIONS=${SESSIONS:-1 20} REPS=${REPS:-3} FILL=${FILL:-200} GROUPS_AHEAD=${GROUPS_AHEAD:-1 8}
begin pop3
. "$PEERS/lib.sh"
W=$(mktemp -d); trap 'rm -rf "$W"' EXIT
fetch() { # LABEL GROUP PORT SESSIONS AHEAD LOGIN...
  local label=$1 group=$2 port=$3 sessions=$4 ahead=$5 cpu rep; shift 5
  rm -f "$W"/*
  for rep in $(seq "$REPS"); do
    cpu=$(group_cpu_usec "$group")
    "$BENCH_OUT/pop3_fetch" "$port" --sessions "$sessions" --group "$ahead" --users "$USERS" "$@" >"$W/run" || return 1
    cat "$W/run" >>"$W/all"
    awk -v a="$cpu" -v b="$(group_cpu_usec "$group")" -v n="$(field messages <"$W/run")" \
      'BEGIN { printf "%.3f\n", (b - a) / 1e6 / n * 1000 }' >>"$W/cpu"
  done
  printf '%s sess %s ahead %s | messages/s %s | p50 ms %s | p99 ms %s | CPU s/1000 %s\n' "$label" "$sessions" "$ahead" \
    "$(field messages_s <"$W/all" | spread)" "$(field p50_ms <"$W/all" | spread)" "$(field p99_ms <"$W/all" | spread)" "$(spread <"$W/cpu")"
}
for one in ${ROWS:-fumi:pop3 dovecot:maildir dovecot:mdbox}; do
  name=${one%%:*} mode=${one#*:}
  start_row "$name" "$mode" || continue
  script=$(row_peer "$name") tools=$BENCH_TOOLS login=()
  if [ "$name" = fumi ]; then
    tools=$BENCH_OUT/fumi-tools imap=$("$script" port imap) port=$("$script" port pop3) login=(--suffix "@$DOMAIN" --password "$PASSWORD")
  else
    imap=$("$script" port) port=$(($("$script" port) - 33))
  fi
  lock
  "$tools/imapload" 127.0.0.1 "$imap" fill --users "$USERS" --messages "$FILL" --size 4096 --batch 20 >&2
  for sessions in $SESSIONS; do
    for ahead in $GROUPS_AHEAD; do fetch "$one" "$name" "$port" "$sessions" "$ahead" "${login[@]}" | row; done
  done
  unlock
  "$script" stop
done
finish "sessions=$SESSIONS" "fill=$FILL" "reps=$REPS"
