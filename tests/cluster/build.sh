#!/usr/bin/env bash
# Builds etcd, kube-apiserver, kubectl and helm from the modules that go.mod pins, once for each go.sum, and prints the
# folder that holds them. KUBEBUILDER_ASSETS is used instead where it is set.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=(etcd kube-apiserver kubectl helm)

all_in() {
  for program in "${programs[@]}"; do [[ -x $1/$program ]] || return 1; done
}

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
  all_in "$KUBEBUILDER_ASSETS" || { echo "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks one of: ${programs[*]}" >&2; exit 1; }
  echo "$KUBEBUILDER_ASSETS"
  exit
fi

sum=$(cat "$here/go.mod" "$here/go.sum" "$here/build.sh" | sha256sum | cut -c1-16)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/slipway/cluster/$sum
mkdir -p "$folder"
# One at a time, whoever else runs the tests.
exec {lock}> "$folder/lock"
flock "$lock"
if ! all_in "$folder"; then
  go=$("$here/../support/go-toolchain.sh" 1.25)
  version() { (cd "$here" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly "$go" list -m -f '{{.Version}}' "$1"); }
  kubernetes=$(version k8s.io/kubernetes)
  helm=$(version helm.sh/helm/v3)
  minor=${kubernetes#v1.}
  flags="-s -w -X k8s.io/component-base/version.gitVersion=$kubernetes -X k8s.io/component-base/version.gitMajor=1"
  flags+=" -X k8s.io/component-base/version.gitMinor=${minor%%.*} -X helm.sh/helm/v3/internal/version.version=$helm"
  declare -A packages=([etcd]=go.etcd.io/etcd/server/v3 [kube-apiserver]=k8s.io/kubernetes/cmd/kube-apiserver
    [kubectl]=k8s.io/kubernetes/cmd/kubectl [helm]=helm.sh/helm/v3/cmd/helm)
  for program in "${programs[@]}"; do
    echo "building $program ($kubernetes)" >&2
    (cd "$here" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly "$go" build -trimpath -ldflags "$flags" \
      -o "$folder/$program" "${packages[$program]}")
  done
fi
echo "$folder"
