#!/bin/bash
# SEARCH over MESSAGES mails in Japanese and English, against what the answer must be. Environment: README.md.
set -u
. "$(dirname "$0")/lib.sh"
MESSAGES=${MESSAGES:-50000} REPS=${REPS:-101} SLOW_REPS=${SLOW_REPS:-3} INDEX_MAX_S=${INDEX_MAX_S:-3600}
begin search
FTS_MESSAGES=${FTS_MESSAGES:-$MESSAGES} # fts-xapian takes 10 s of CPU for 1,000 mails
XAPIAN=${BENCH_STATE:-/var/bench}/dovecot/mail
load() { python3 "$BENCH_HOME/load/search.py" "$@" --messages "$messages" --right "$BENCH_OUT/search-right-$messages.json"; }
xapian_octets() { find "$XAPIAN" -name xapian-indexes -prune -exec du -sb {} + | awk '{ n += $1 } END { print n + 0 }'; }
for messages in $(printf '%s\n' "$MESSAGES" "$FTS_MESSAGES" | sort -u); do load hits; done
for one in ${ROWS:-fumi:imap dovecot:fts dovecot:maildir cyrus:plain}; do
  name=${one%%:*} mode=${one#*:} messages=$MESSAGES
  [ "$one" != dovecot:fts ] || messages=$FTS_MESSAGES
  start_row "$name" "$mode" || continue
  script=$(row_peer "$name")
  port=$("$script" port) user=u1 password=x
  if [ "$name" = fumi ]; then port=$("$script" port imap) user=u1@bench.test password=$PASSWORD; fi
  load fill 127.0.0.1 "$port" "$user" "$password" || { echo "FAILED $one: it was not filled" >&2; "$script" stop; continue; }
  began=$(date +%s%N)
  case $one in
    fumi:*) "$script" indexed "u1@bench.test" ;;  # waits until the index has caught up
    dovecot:fts) timeout "$INDEX_MAX_S" doveadm -c "${BENCH_STATE:-/var/bench}/dovecot/dovecot.conf" index -u "$user" Text ;;
  esac || { echo "FAILED $one: no index after $INDEX_MAX_S s" >&2; "$script" stop; continue; }
  index_ms=$((($(date +%s%N) - began) / 1000000)) octets=0
  case $one in
    fumi:*) octets=$("$script" index_octets u1@bench.test) ;;
    dovecot:fts) octets=$(xapian_octets) ;;
  esac
  awk -v server="$one" -v ms="$index_ms" -v octets="${octets:-0}" -v mails="$messages" 'BEGIN {
    printf "{\"server\": \"%s\", \"index_s\": %.1f, \"index_octets\": %d, \"mails\": %d}\n", server, ms / 1000, octets, mails }' | row
  # Peers without an index take seconds a query: a few times are enough.
  case $one in dovecot:maildir | cyrus:*) reps=$SLOW_REPS ;; *) reps=$REPS ;; esac
  load query 127.0.0.1 "$port" "$user" "$password" --label "$one" --reps "$reps" | row
  "$script" stop
done
finish "messages=$MESSAGES" "fts_messages=$FTS_MESSAGES" "reps=$REPS" "slow_reps=$SLOW_REPS"
