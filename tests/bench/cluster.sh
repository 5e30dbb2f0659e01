#!/usr/bin/env bash
# Measures the release build as a controller of 10,000 objects on one real API server, beside a controller over
# controller-runtime that only writes one condition:
#   tests/bench/cluster.sh [start|publish|cuts|takeover|all]... [--write] [--rounds N] [--objects N]
# Needs an idle machine, and the first time some minutes to build the API server.
set -euo pipefail
cd "$(dirname "$0")/../.."

tests/cluster/build.sh > /dev/null
baseline=$(tests/cluster/build.sh baseline)
[[ -f build/release/build.ninja ]] || cmake --preset release > /dev/null
ninja -C build/release slipway acr-emulator > /dev/null
exec python3 tests/bench/cluster/measure.py --build build/release --baseline "$baseline/baseline" "$@"
