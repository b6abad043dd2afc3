#!/bin/bash
# SMTP accept and relay to a sink. Environment: README.md.
set -u
. "$(dirname "$0")/lib.sh"
export SESSIONS=${SESSIONS:-1 10 50 200} SIZES=${SIZES:-4096 40960} MESSAGES=${MESSAGES:-2000} REPS=${REPS:-3}
begin relay
. "$PEERS/lib.sh"
trap sink_stop EXIT
for one in ${ROWS:-fumi:relay postfix:relay haraka:relay}; do
  name=${one%%:*} mode=${one#*:}
  start_row "$name" "$mode" || continue
  script=$(row_peer "$name")
  sink_start 0
  messages=$MESSAGES
  [ "$name" != fumi ] || messages=$((MESSAGES * ${FUMI_TIMES:-5}))
  LABEL=$one COUNT_CMD=sink RCPT_DOMAIN=relay.bench.test MESSAGES=$messages \
    "$PEERS/smtp-accept.sh" "$name" 127.0.0.1 "$("$script" port)" | row
  sink_stop
  "$script" stop
  export NOHEAD=1
done
finish "sizes=$SIZES" "sessions=$SESSIONS" "messages=$MESSAGES" "fumi_times=${FUMI_TIMES:-5}" "reps=$REPS"
