#!/bin/bash
# SMTP accept until the last message is in its mailbox. Environment: README.md.
set -u
. "$(dirname "$0")/lib.sh"
export SESSIONS=${SESSIONS:-1 10 50 200} SIZES=${SIZES:-4096 40960} MESSAGES=${MESSAGES:-2000} REPS=${REPS:-3}
rows=${ROWS:-fumi:local postfix:dovecot-maildir postfix-free:maildir opensmtpd:maildir}
begin smtp
for one in $rows; do
  name=${one%%:*} mode=${one#*:} extra=
  # Stock Postfix slows its clients by a second when its queue grows; without that it is at its best.
  if [ "$name" = postfix-free ]; then name=postfix extra='in_flow_delay = 0'; fi
  POSTFIX_EXTRA=$extra start_row "$name" "$mode" || continue
  script=$(row_peer "$name")
  # OpenSMTPD's connections wait a second each beyond ten at a time: its row would take an hour.
  sessions=$SESSIONS
  [ "$name" != opensmtpd ] || sessions="1 10"
  messages=$MESSAGES
  [ "$name" != fumi ] || messages=$((MESSAGES * ${FUMI_TIMES:-5}))
  LABEL=$one COUNT_CMD="$script count" SESSIONS=$sessions MESSAGES=$messages \
    "$PEERS/smtp-accept.sh" "$name" 127.0.0.1 "$("$script" port)" | row
  "$script" stop
  export NOHEAD=1
done
finish "sizes=$SIZES" "sessions=$SESSIONS" "messages=$MESSAGES" "fumi_times=${FUMI_TIMES:-5}" "reps=$REPS"
