#!/usr/bin/env bash
# What build.sh gives where KUBEBUILDER_ASSETS is set: the programs that lie there, and helm of the cache beside them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "build_test: $*" >&2; exit 1; }

built=$(env -u KUBEBUILDER_ASSETS "$here/build.sh")
export KUBEBUILDER_ASSETS=$work/assets
mkdir "$KUBEBUILDER_ASSETS"
for program in etcd kube-apiserver; do ln -s "$built/$program" "$KUBEBUILDER_ASSETS"; done
said=$("$here/build.sh" 2>&1) && fail "took assets without kubectl: $said"
[[ $said == *"lacks one of: etcd kube-apiserver kubectl"* ]] || fail "$said"

ln -s "$built/kubectl" "$KUBEBUILDER_ASSETS"
together=$("$here/build.sh")
trap 'rm -rf "$work" "$together"' EXIT
for program in etcd kube-apiserver kubectl; do
  [[ $(readlink "$together/$program") == "$(realpath "$KUBEBUILDER_ASSETS")/$program" ]] || fail "$program is another"
done
"$together/helm" version >/dev/null || fail "helm is not there"
[[ $("$here/build.sh") == "$together" ]] || fail "another folder each time"

ln -s "$built/helm" "$KUBEBUILDER_ASSETS"
[[ $("$here/build.sh") == "$(realpath "$KUBEBUILDER_ASSETS")" ]] || fail "assets that have helm, too, are not taken as they are"
echo "build_test: ok"
