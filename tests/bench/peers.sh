#!/usr/bin/env bash
# Builds the clients that the benchmarks compare with, at these versions, from the Go module proxy, into the folder
# given; what is there already stays. Debian's own skopeo is the fifth.
set -euo pipefail
folder=${1:?peers.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)

declare -A sources=(
  [regctl]=github.com/regclient/regclient/cmd/regctl@v0.11.7
  [regsync]=github.com/regclient/regclient/cmd/regsync@v0.11.7
  [oras]=oras.land/oras/cmd/oras@v1.3.6
  [crane]=github.com/google/go-containerregistry/cmd/crane@v0.22.1
)

mkdir -p "$folder"
for name in "${!sources[@]}"; do
  [[ -x $folder/$name ]] && continue
  echo "bench: building ${sources[$name]}" >&2
  go=${go:-$("$here/../support/go-toolchain.sh" 1.26)}
  GOBIN=$folder CGO_ENABLED=0 GOFLAGS=-mod=mod "$go" install "${sources[$name]}"
done
