#!/bin/bash
# SEARCH over MESSAGES mails in Japanese and English, against what the answer must be. Environment: README.md.
set -u
. "$(dirname "$0")/lib.sh"
MESSAGES=${MESSAGES:-50000} REPS=${REPS:-11}
load() { python3 "$BENCH_HOME/load/search.py" "$@" --messages "$MESSAGES"; }
begin search
for one in ${ROWS:-fumi:imap dovecot:fts dovecot:maildir cyrus:plain}; do
  name=${one%%:*} mode=${one#*:}
  start_row "$name" "$mode" || continue
  script=$(row_peer "$name")
  port=$("$script" port) user=u1 password=x
  if [ "$name" = fumi ]; then port=$("$script" port imap) user=u1@bench.test password=$PASSWORD; fi
  load fill 127.0.0.1 "$port" "$user" "$password"
  began=$(date +%s%N)
  case $one in
    fumi:*) "$script" indexed "u1@bench.test" ;;  # waits until the index has caught up
    dovecot:fts) doveadm -c "${BENCH_STATE:-/var/bench}/dovecot/dovecot.conf" index -u "$user" Text ;;
  esac
  printf '{"server": "%s", "index_s": %s, "index_octets": %s}\n' "$one" "$((($(date +%s%N) - began) / 1000000000))" \
    "$(case $one in
      fumi:*) "$script" index_octets u1@bench.test ;;
      dovecot:fts) du -sbc "${BENCH_STATE:-/var/bench}"/dovecot/mail/*/*/xapian-indexes "${BENCH_STATE:-/var/bench}"/dovecot/mail/*/xapian-indexes 2>/dev/null | tail -1 | cut -f1 ;;
      *) echo 0 ;; esac)" | row
  # Peers without an index take seconds a query: three times are enough.
  case $one in dovecot:maildir | cyrus:*) reps=${SLOW_REPS:-3} ;; *) reps=$REPS ;; esac
  load query 127.0.0.1 "$port" "$user" "$password" --label "$one" --reps "$reps" | row
  "$script" stop
done
finish "messages=$MESSAGES" "reps=$REPS"
