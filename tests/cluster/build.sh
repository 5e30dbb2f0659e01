#!/usr/bin/env bash
# Builds programs from the modules that a go.mod pins, once for each go.sum, and prints the folder that holds them:
#   build.sh [kubernetes]  etcd, kube-apiserver, kubectl, helm; of these, what lies in KUBEBUILDER_ASSETS is used where that
#                          is set: the first three must, as setup-envtest puts them there
#   build.sh kstatus       tests/cluster/kstatus
#   build.sh floor         tests/cluster/floor
#   build.sh flux          Flux's kustomize-controller, and crds/ of what it works on and of the HelmRelease
#   build.sh schemas       nothing: crds/monitoring of the Prometheus operator, crds/argocd of Argo CD
#   build.sh baseline      tests/bench/cluster
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
wanted=${1:-kubernetes}

case $wanted in
  kubernetes) module=$here programs=(etcd kube-apiserver kubectl helm) ;;
  kstatus) module=$here/kstatus programs=(kstatus) ;;
  floor) module=$here/floor programs=(floor) ;;
  flux) module=$here/flux programs=(kustomize-controller) ;;
  schemas) module=$here programs=(crds) ;;
  baseline) module=$here/../bench/cluster programs=(baseline) ;;
  *) echo "build.sh: there is no '$wanted'" >&2; exit 2 ;;
esac

all_in() {
  for program in "${programs[@]}"; do [[ -x $1/$program ]] || return 1; done
}

in_module() { (cd "$module" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly "$go" "$@"); }

version() { in_module list -m -f '{{.Version}}' "$1"; }

# build PROGRAM PACKAGE [LDFLAGS]. The program appears under its name when it is whole.
build() {
  echo "building $1" >&2
  in_module build -trimpath -buildvcs=false -ldflags "-s -w ${3:-}" -o "$folder/$1.new" "$2"
  mv "$folder/$1.new" "$folder/$1"
}

make_kubernetes() {
  local kubernetes helm minor versions at
  kubernetes=$(version k8s.io/kubernetes)
  helm=$(version helm.sh/helm/v3)
  minor=${kubernetes#v1.}
  minor=${minor%%.*}
  at=k8s.io/component-base/version
  versions="-X $at.gitVersion=$kubernetes -X $at.gitMajor=1 -X $at.gitMinor=$minor"
  build etcd go.etcd.io/etcd/server/v3
  build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "$versions"
  build kubectl k8s.io/kubernetes/cmd/kubectl "$versions"
  # Without these Helm takes every cluster that it does not ask for Kubernetes 1.20.
  for at in helm.sh/helm/v3/pkg/chartutil helm.sh/helm/v3/pkg/lint/rules; do
    versions+=" -X $at.k8sVersionMajor=1 -X $at.k8sVersionMinor=$minor"
  done
  build helm helm.sh/helm/v3/cmd/helm "$versions -X helm.sh/helm/v3/internal/version.version=$helm"
}

make_kstatus() { build kstatus .; }

make_floor() { build floor .; }

make_baseline() { build baseline .; }

# Where a module lies, which is downloaded if it does not.
folder_of() { in_module mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }

make_flux() {
  mkdir -p "$folder/crds"
  cp "$(folder_of github.com/fluxcd/kustomize-controller)"/config/crd/bases/*.yaml "$folder/crds"
  # Nothing is built of it: a module that is downloaded, and checked against the sum database, but stands in no go.mod.
  cp "$(folder_of github.com/fluxcd/source-controller@v1.8.5)"/config/crd/bases/*.yaml "$folder/crds"
  chmod -R u+w "$folder/crds"
  # That of the HelmRelease from its Go types, as helm-controller's own Makefile makes it: not every proxy has the module with the
  # file, and the one with the types has a go.mod of its own.
  (cd "$(folder_of github.com/fluxcd/helm-controller/api@v1.3.0)" && PATH=$(dirname "$go"):$PATH GOTOOLCHAIN=local \
    "$go" run sigs.k8s.io/controller-tools/cmd/controller-gen@v0.19.0 crd paths=./v2 output:crd:dir="$folder/crds")
  build kustomize-controller github.com/fluxcd/kustomize-controller
}

# These are no more than read: modules that are downloaded, and checked against the sum database, but stand in no go.mod.
make_schemas() {
  local new=$folder/crds.new monitoring
  rm -rf "$new"
  mkdir -p "$new/monitoring" "$new/argocd"
  monitoring=$(folder_of github.com/prometheus-operator/prometheus-operator@v0.85.0)/example/prometheus-operator-crd
  cp "$monitoring"/*_{podmonitors,servicemonitors,prometheusrules}.yaml "$new/monitoring"
  cp "$(folder_of github.com/argoproj/argo-cd/v3@v3.2.1)"/manifests/crds/app{lication,project}-crd.yaml "$new/argocd"
  chmod -R u+w "$new"
  mv "$new" "$folder/crds"
}

assets=
if [[ $wanted == kubernetes && -n ${KUBEBUILDER_ASSETS:-} ]]; then
  programs=(etcd kube-apiserver kubectl)
  all_in "$KUBEBUILDER_ASSETS" || { echo "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks one of: ${programs[*]}" >&2; exit 1; }
  assets=$(realpath "$KUBEBUILDER_ASSETS")
  if [[ -x $assets/helm ]]; then
    echo "$assets"
    exit
  fi
  programs=(helm)
fi

# The recipe makes all; with assets, only helm is wanted of it.
make_wanted() (
  eval "make_one() $(declare -f build | tail -n +2)"
  build() { [[ " ${programs[*]} " != *" $1 "* ]] || make_one "$@"; }
  "make_$wanted"
)

# One folder with the programs of `assets` and the helm of `folder`.
beside_assets() {
  local together program
  together=$folder/beside-$(sha256sum <<< "$assets" | cut -c1-16)
  mkdir -p "$together"
  for program in etcd kube-apiserver kubectl; do
    [[ -x $together/$program ]] || ln -sfn "$assets/$program" "$together/$program"
  done
  [[ -x $together/helm ]] || ln -sfn ../helm "$together/helm"
  echo "$together"
}

mapfile -t sources < <(find "$module" -maxdepth 1 -name '*.go' | sort)
# Of this script only what makes these programs counts.
recipe=$(declare -f "make_$wanted" build in_module)
sum=$(cat "$module/go.mod" "$module/go.sum" ${sources[@]+"${sources[@]}"} - <<< "$recipe" | sha256sum | cut -c1-16)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/slipway/$wanted/$sum
mkdir -p "$folder"
# One at a time, whoever else runs the tests.
exec {lock}> "$folder/lock"
flock "$lock"
if ! all_in "$folder"; then
  go=$("$here/../support/go-toolchain.sh" "$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' "$module/go.mod")")
  make_wanted
fi
if [[ -n $assets ]]; then beside_assets; else echo "$folder"; fi
