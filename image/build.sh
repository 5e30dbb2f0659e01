#!/usr/bin/env bash
# Makes the container image as an OCI layout, with what Debian has; no daemon, no root. The same program and the same
# packages give the same digest, which is printed.
#   image/build.sh LAYOUT [BINARY]      BINARY: build/image/slipway, which is built where none is named
# Environment: SOURCE_DATE_EPOCH, when it was made (by default the time of the commit).
set -euo pipefail
top=$(realpath "$(dirname "$0")/..")
layout=$1
binary=${2:-$top/build/image/slipway}

[[ $# -ge 2 ]] || "$top/cmake/install-packages.sh" image >&2
for program in python3 strip ldd dpkg-query; do
  command -v "$program" >/dev/null || {
    echo "image/build.sh: $program is not there; run cmake/install-packages.sh image" >&2
    exit 2
  }
done
if [[ $# -lt 2 ]]; then
  (cd "$top" && cmake --preset image && cmake --build --preset image) >&2
fi

commit=$(git -C "$top" rev-parse HEAD 2>/dev/null || true)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 0)}
version=$("$binary" version | cut -d' ' -f2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$top/image/root.sh" "$binary" "$work/root"

labels=(--label "org.opencontainers.image.title=slipway" --label "org.opencontainers.image.version=$version")
[[ -z $commit ]] || labels+=(--label "org.opencontainers.image.revision=$commit")
"$top/tests/support/make-image" layout "$layout" --rootfs "$work/root" --gzip --tag "$version" \
  --platform "linux/$(dpkg --print-architecture)" --created "$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)" "${labels[@]}" \
  --user 65532:65532 --env PATH=/usr/bin --env HOME=/tmp --entrypoint /usr/bin/slipway --cmd=--help
