#!/bin/bash
# Memory of an idle IMAP connection: logged in, INBOX selected, IDLE; in clear and in TLS.
# Environment: CONNECTIONS (default 2000), REPS, SETTLE seconds.
set -u
. "$(dirname "$0")/lib.sh"
CONNECTIONS=${CONNECTIONS:-2000} REPS=${REPS:-3} SETTLE=${SETTLE:-5}
begin idle
. "$PEERS/lib.sh"
# Dovecot with TLS: its configuration as it is, with a certificate and the port opened.
overlay=$BENCH_OUT/peers-tls
rm -rf "$overlay"; mkdir -p "$overlay"; cp -r "$PEERS/." "$overlay"; chmod -R u+w "$overlay"
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -keyout "$BENCH_OUT/tls.key" -out "$BENCH_OUT/tls.pem" 2>/dev/null
python3 - "$overlay/peers/dovecot/dovecot.conf" "$BENCH_OUT" <<'P'
import sys
path, out = sys.argv[1:]
text = open(path).read()
text = text.replace("ssl = no", f"ssl = yes\nssl_cert = <{out}/tls.pem\nssl_key = <{out}/tls.key", 1)
text = text.replace("inet_listener imaps {\n    port = 0", "inet_listener imaps {\n    port = 10993\n    ssl = yes", 1)
open(path, "w").write(text)
P
[ "$(cat /proc/sys/fs/inotify/max_user_instances)" -ge 8192 ] || echo 8192 >/proc/sys/fs/inotify/max_user_instances

# Every measurement begins with a fresh server: what it grows by then is the connections', and what
# their logins leave behind (password hashes take 19 MiB each for a moment) counts against it, where
# a server that has worked before would have given them memory that was counted already.
# The group has been started; one connection comes and goes first, so that code pages are in the base.
one_rep() { # LABEL GROUP PORT TLS SUFFIX PASSWORD WORK
  local label=$1 work=$7 k r p k0 r0 p0 pid
  "$BENCH_OUT/imap_idle" "$3" --sessions 1 --tls "$4" --suffix "$5" --password "$6" </dev/null >/dev/null || return 1
  sleep 2
  read -r k0 r0 p0 < <(group_memory "$2")
  mkfifo "$work/hold"
  "$BENCH_OUT/imap_idle" "$3" --sessions "$CONNECTIONS" --tls "$4" --suffix "$5" --password "$6" <"$work/hold" >"$work/out" & pid=$!
  exec 8>"$work/hold"
  until [ -s "$work/out" ]; do kill -0 $pid 2>/dev/null || { echo "$label: the idle sessions failed" >&2; exec 8>&-; return 1; }; sleep 0.2; done
  sleep "$SETTLE"
  read -r k r p < <(group_memory "$2")
  exec 8>&-; wait $pid; rm -f "$work/hold"
  awk -v n="$CONNECTIONS" -v a="$p0" -v b="$p" 'BEGIN { printf "%.1f\n", (b - a) * 1024 / n }' >>"$work/pss"
  awk -v n="$CONNECTIONS" -v a="$r0" -v b="$r" 'BEGIN { printf "%.1f\n", (b - a) * 1024 / n }' >>"$work/rss"
  field secs <"$work/out" >>"$work/secs"
  echo "$k $p0" >"$work/base"
  rm -f "$work/out"
}
one_cell() { # LABEL GROUP PORT TLS SUFFIX PASSWORD START...
  local label=$1 group=$2 port=$3 tls=$4 suffix=$5 password=$6 rep work base
  shift 6
  work=$(mktemp -d)
  for rep in $(seq "$REPS"); do
    "$@" || { echo "SKIPPED $label: it did not start" >&2; rm -rf "$work"; return 1; }
    one_rep "$label" "$group" "$port" "$tls" "$suffix" "$password" "$work" || { rm -rf "$work"; return 1; }
    group_stop "$group"
  done
  read -r -a base <"$work/base"
  printf '%-28s %5s connections | KiB each: PSS %-18s RSS %-18s | base PSS %s MiB | processes %s | s to log in %s\n' "$label" \
    "$CONNECTIONS" "$(spread <"$work/pss")" "$(spread <"$work/rss")" "${base[1]}" "${base[0]}" "$(spread <"$work/secs")"
  rm -rf "$work"
}

for one in ${ROWS:-fumi:imap dovecot:maildir}; do
  name=${one%%:*} mode=${one#*:}
  for tls in ${TLS:-yes no}; do
    channel=clear; [ $tls = no ] || channel=tls
    lock
    if [ "$name" = fumi ]; then
      script=$(row_peer fumi)
      port=$("$script" port imap); [ $tls = no ] || port=$("$script" port imaps)
      one_cell "$one $channel" fumi "$port" $tls @bench.test "$PASSWORD" start_row fumi "$mode" | row
      "$script" stop
    else
      why=$(row_missing "$name")
      if [ -n "$why" ]; then echo "SKIPPED $one: $why" >&2; unlock; continue; fi
      script=$overlay/peers/$name/peer.sh
      port=$("$script" port); [ $tls = no ] || port=10993
      one_cell "$one $channel" "$name" "$port" $tls "" x "$script" start "$mode" | row
      "$script" stop
    fi
    unlock
  done
done
finish "connections=$CONNECTIONS" "settle=$SETTLE" "reps=$REPS"
