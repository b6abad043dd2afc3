#!/bin/bash
# Fumi: start local|relay|imap|pop3 | stop | count | port [NAME] | version
# Tenant bench, domain bench.test, mailboxes u0 .. u99 with the password of bench/lib.sh.
set -eu
. "$(dirname "$0")/../../lib.sh"
. "$PEERS/lib.sh"
F=$STATE/fumi BASE=${FUMI_PORTS_BASE:-9000}
fumi_cli() { FUMI_URL=http://127.0.0.1:$((BASE + 81)) FUMI_TOKEN=$(cat "$F/token") "$FUMI" "$@"; }
settings() { # MODE: the options that the bench sets, and why
  cat <<'T'
server.hostname = "fumi.bench.test"
log.level = "warning"                 # no line a message, as the peers' rows have syslog apart
listen.connections_per_ip_max = 10000 # all load comes from one address
imap.plaintext = "allow"              # the peers' rows are without TLS
pop3.plaintext = "allow"
access.failures_max = 1000
relay.trusted = ["127.0.0.0/8=bench"]
T
  [ "$1" != relay ] || echo "deliver.routes = [\"*=127.0.0.1:$SINK_PORT\"]"
}
serve() {
  group_run fumi "$FUMI" serve --config "$F/fumi.toml" --data "$F/data" --ports-base "$BASE" >"$F/log" 2>&1 &
  wait_port $((BASE + 81))
  wait_port $((BASE + 25))
}
seed() { # the data folder with its accounts, once for each program
  local password=$F/password i
  rm -rf "$F"; mkdir -p "$F"
  settings local >"$F/fumi.toml"
  "$FUMI" init --config "$F/fumi.toml" --data "$F/data" >"$F/token"
  serve
  echo "$PASSWORD" >"$password"
  fumi_cli tenant create bench >/dev/null
  fumi_cli domain create "$DOMAIN" --tenant bench >/dev/null
  for i in $(seq 0 $((USERS - 1))); do fumi_cli account create "u$i@$DOMAIN" --password-file "$password" >/dev/null; done
  group_stop fumi
  rm -rf "$F.seed"; mkdir -p "$F.seed"; cp -a "$F/data" "$F/token" "$F.seed/"
}
case ${1:-} in
start)
  mode=${2:-local}
  case $mode in local|relay|imap|pop3) ;; *) die "unknown mode $mode" ;; esac
  [ "$F.seed/token" -nt "$FUMI" ] || seed
  rm -rf "$F"; mkdir -p "$F"; cp -a "$F.seed/." "$F/"
  settings "$mode" >"$F/fumi.toml"
  echo "$mode" >"$F/mode"
  serve
  ;;
stop) group_stop fumi ;;
count) # messages in mailboxes: with local recipients alone, 250 is said when they are there
  exec 3<>"/dev/tcp/127.0.0.1/$((BASE + 81))"
  printf 'GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
  awk '/^fumi_smtp_accepted_total/ { n += $2 } END { printf "%d\n", n }' <&3
  ;;
port)
  what=${2:-}
  [ -n "$what" ] || { what=smtp; [ "$(cat "$F/mode" 2>/dev/null)" != relay ] || what=relay; }
  case $what in
    smtp) echo $((BASE + 25)) ;; relay) echo $((BASE + 10)) ;;
    imap) echo $((BASE + 143)) ;; imaps) echo $((BASE + 993)) ;;
    pop3) echo $((BASE + 110)) ;;
    *) die "unknown port $what" ;;
  esac ;;
indexed) # ACCOUNT: waits until its search index has caught up
  until fumi_cli search status --account "$2" --json | python3 -c 'import json, sys; s = json.load(sys.stdin); sys.exit(s["mails"] != s["indexed"])'; do sleep 0.2; done ;;
index_octets) fumi_cli search status --account "$2" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["octets"])' ;;
version) "$FUMI" version | sed 's/^fumi //' ;;
*) die "usage: $0 start local|relay|imap|pop3 | stop | count | port [NAME] | version" ;;
esac
