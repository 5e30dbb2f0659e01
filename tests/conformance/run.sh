#!/usr/bin/env bash
# Runs the OCI conformance suite for distribution 1.1, with its defaults and in full, against an emulator that it starts.
#   tests/conformance/run.sh [EMULATOR [RESULTS]]     (default: build/release/acr-emulator, build/conformance)
# The suite is built once into the cache. Fails when a test fails or is skipped that the suite's own defaults do not
# leave out. RESULTS/report.html has every request and answer.
set -euo pipefail
cd "$(dirname "$0")/../.."

emulator=$(realpath "${1:-build/release/acr-emulator}")
mkdir -p "${2:-build/conformance}"
results=$(realpath "${2:-build/conformance}")
module=github.com/opencontainers/distribution-spec/conformance
version=v0.0.0-20260831232431-97274622c111
left_out=2  # by default: the cancelling of uploads, which 1.1 has not, and tags as parameters
suite=${XDG_CACHE_HOME:-$HOME/.cache}/slipway/conformance/$version/conformance

if [[ ! -x $suite ]]; then
  echo "building the conformance suite $version"
  go=$(tests/support/go-toolchain.sh 1.24)
  GOTOOLCHAIN=local GOFLAGS=-mod=mod GOBIN=$(dirname "$suite") "$go" install "$module@$version"
fi

data=$(mktemp -d)
exec {lines}< <(exec "$emulator" --listen 127.0.0.1:0 --data "$data")
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf "$data"' EXIT
read -r -t 30 -u "$lines" line || { echo "conformance: $emulator does not start" >&2; exit 1; }

for name in $(compgen -e OCI_ || true); do unset "$name"; done
passed=0
OCI_REGISTRY=${line##* } OCI_TLS=disabled OCI_VERSION=1.1 OCI_RESULTS_DIR=$results "$suite" >"$results/output.txt" 2>&1 || passed=1

# "  Pass..........: 860" of the first table.
count() { awk -v name="$1" '$1 ~ "^" name "\\.+:" {print $2; exit}' "$results/output.txt"; }
sed -n '/^OCI Conformance Result/,/^$/p; /^API conformance/,$p' "$results/output.txt"
if [[ $passed != 0 || $(count FAIL) != 0 || $(count Error) != 0 || $(count Skip) != 0 || $(count Disabled) -gt $left_out ]]; then
  grep -E '^ +- ' "$results/output.txt" | sort | uniq -c | sort -rn | head -20
  echo "conformance: not all tests pass; see $results/report.html" >&2
  exit 1
fi
echo "conformance: all $(count Pass) tests pass"
