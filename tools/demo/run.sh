#!/usr/bin/env bash
# Starts the server for a first look: data in ./demo-data, everything on loopback. demo.py does the work.
#   tools/demo/run.sh [--ports-base N] [--folder DIR] [--fresh]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
exec python3 tools/demo/demo.py "$@"
