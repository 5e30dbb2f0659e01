#!/usr/bin/env bash
# Measures the release build beside skopeo, regctl, regsync, oras and crane:
#   tests/bench/run.sh [1gb|60x1mb|200|memory|tls|all]... [--write] [--rounds N] [--peers regctl,oras] [--subject engine]
# Images and the other clients are kept in the user's cache folder. Needs an idle machine, about 40 GB of disk for
# `memory`, and half an hour for `all`.
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway

for program in docker-registry skopeo openssl python3; do
  command -v "$program" > /dev/null || { echo "bench: $program is not installed (see cmake/install-packages.sh)" >&2; exit 2; }
done
peers=$(tests/support/peers.sh)
[[ -f build/release/build.ninja ]] || cmake --preset release > /dev/null
ninja -C build/release slipway bench-copy > /dev/null
exec python3 tests/bench/bench.py --build build/release --programs "$peers" --cache "$cache/bench" "$@"
