# Shared by the scripts of this folder; sourced, never run. Needs FUMI_PEERS (README.md).
BENCH_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$BENCH_HOME")
BENCH_OUT=$ROOT/build/bench
PEERS=${FUMI_PEERS:-$ROOT/../shared/bench}
RESULTS=${RESULTS:-$BENCH_HOME/results}
FUMI=${FUMI_PROGRAM:-$ROOT/build/release/fumi}
PASSWORD=bench-password
export FUMI_PROGRAM=$FUMI

if [ ! -e "$PEERS/lib.sh" ]; then
  echo "SKIPPED: no peers at $PEERS; name their folder with FUMI_PEERS (bench/README.md)" >&2
  exit 0
fi
[ -x "$FUMI" ] || { echo "bench: $FUMI is missing; ./dev build release" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "bench: the peers and control groups need root" >&2; exit 1; }
PEERS=$(cd "$PEERS" && pwd)
export BENCH_TOOLS=${BENCH_TOOLS:-/var/tmp/bench-tools}

# The peers' own tools, made outside their folder, which may be read-only.
build_tools() {
  make -s -C "$PEERS/tools" OUT="$BENCH_TOOLS" || exit 1
  mkdir -p "$BENCH_OUT/fumi-tools"
  local tool
  # Fumi's accounts log in by their whole address, and its passwords have at least eight
  # characters; the peers' load tool says "u0" and "x". The same source, with those two as options.
  if [ "$PEERS/tools/imapload.cc" -nt "$BENCH_OUT/imapload" ]; then
    sed -e 's|+ c.user + " x"|+ c.user + suffix + " " + password|' \
      -e 's|std::string verb = argv\[3\], prefix;|std::string verb = argv[3], prefix, suffix, password;|' \
      -e 's|^  prefix = o.str("prefix", "u");|&\n  suffix = o.str("suffix", "");\n  password = o.str("password", "x");|' \
      "$PEERS/tools/imapload.cc" >"$BENCH_OUT/imapload.cc"
    g++ -O2 -std=c++17 -I"$PEERS/tools" -o "$BENCH_OUT/imapload" "$BENCH_OUT/imapload.cc" || exit 1
  fi
  for tool in smtpload smtpsink countfiles newfile; do ln -sf "$BENCH_TOOLS/$tool" "$BENCH_OUT/fumi-tools/$tool"; done
  printf '#!/bin/sh\nexec "%s" "$@" --suffix @bench.test --password %s\n' "$BENCH_OUT/imapload" "$PASSWORD" \
    >"$BENCH_OUT/fumi-tools/imapload"
  chmod 755 "$BENCH_OUT/fumi-tools/imapload"
  if [ "$BENCH_HOME/load/imap_idle.cpp" -nt "$BENCH_OUT/imap_idle" ]; then
    g++ -O2 -std=c++20 -Wall -Wextra -o "$BENCH_OUT/imap_idle" "$BENCH_HOME/load/imap_idle.cpp" -lssl -lcrypto || exit 1
  fi
  if [ "$BENCH_HOME/load/pop3_fetch.cpp" -nt "$BENCH_OUT/pop3_fetch" ]; then
    g++ -O2 -std=c++20 -Wall -Wextra -pthread -o "$BENCH_OUT/pop3_fetch" "$BENCH_HOME/load/pop3_fetch.cpp" || exit 1
  fi
}

# row_peer NAME: the peer.sh of a row's server; row_missing NAME: why it can't run, or nothing.
row_peer() {
  if [ "$1" = fumi ]; then echo "$BENCH_HOME/peers/fumi/peer.sh"; else echo "$PEERS/peers/$1/peer.sh"; fi
}
row_missing() {
  case $1 in
    fumi) ;;
    postfix*) command -v postfix >/dev/null || echo "postfix is not installed" ;;
    dovecot) command -v dovecot >/dev/null || echo "dovecot is not installed" ;;
    haraka) [ -e /opt/peers/haraka/node_modules/Haraka ] || echo "Haraka is not installed" ;;
    *) [ -d "/opt/peers/$1" ] || echo "$1 is not installed" ;;
  esac
}

# start_row NAME MODE: starts the server or says aloud that it is left out.
start_row() {
  local why
  why=$(row_missing "$1")
  if [ -n "$why" ]; then echo "SKIPPED $1:$2: $why (peers/install.sh)" >&2; return 1; fi
  "$(row_peer "$1")" start "$2" || { echo "SKIPPED $1:$2: it did not start" >&2; "$(row_peer "$1")" stop; return 1; }
}

# begin NAME: the run's rows go through the report, which writes results/NAME.json in the end.
begin() {
  build_tools
  mkdir -p "$RESULTS" "$BENCH_OUT"
  BENCH_NAME=$1
  BENCH_ROWS=$BENCH_OUT/$1.rows
  BENCH_BEGAN="$(date -u +%FT%TZ) $(cut -d' ' -f1 /proc/loadavg)"
  : >"$BENCH_ROWS"
}
row() { tee -a "$BENCH_ROWS"; }
# finish SETTING=VALUE...
finish() {
  python3 "$BENCH_HOME/report.py" save "$BENCH_NAME" --rows "$BENCH_ROWS" --began "$BENCH_BEGAN" \
    --results "$RESULTS" --program "$FUMI" --settings "$@"
}
