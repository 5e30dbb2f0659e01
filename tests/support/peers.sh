#!/usr/bin/env bash
# Builds clients of registries that are nobody's of ours, at these versions, from the Go module proxy, into the cache;
# prints the folder that holds them. Debian's skopeo is another.
#   peers.sh [NAME...]     (default: all)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

declare -A sources=(
  [regctl]=github.com/regclient/regclient/cmd/regctl@v0.11.7
  [regsync]=github.com/regclient/regclient/cmd/regsync@v0.11.7
  [oras]=oras.land/oras/cmd/oras@v1.3.6
  [crane]=github.com/google/go-containerregistry/cmd/crane@v0.22.1
)

folder=${XDG_CACHE_HOME:-$HOME/.cache}/slipway/peers
mkdir -p "$folder"
# One at a time, whoever else asks.
exec {lock}> "$folder/lock"
flock "$lock"

wanted=("$@")
[[ ${#wanted[@]} -gt 0 ]] || wanted=("${!sources[@]}")
for name in "${wanted[@]}"; do
  source=${sources[$name]:?peers.sh: no such client}
  # Beside the program: what it was built of.
  [[ -x $folder/$name && $(cat "$folder/$name.source" 2> /dev/null) == "$source" ]] && continue
  echo "building $source" >&2
  go=${go:-$("$here/go-toolchain.sh" 1.26)}
  GOBIN=$folder CGO_ENABLED=0 GOFLAGS=-mod=mod "$go" install "$source" >&2
  echo "$source" > "$folder/$name.source"
done
echo "$folder"
