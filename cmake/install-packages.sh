#!/usr/bin/env bash
# Installs what Slipway is built and tested with, from Debian 12's own packages; does nothing when all is there.
#   install-packages.sh [build|image|demo|test]...     (default: build)
set -euo pipefail

build=(g++ cmake ninja-build ccache mold pkg-config ca-certificates git
  libssl-dev nlohmann-json3-dev libyaml-cpp-dev libre2-dev libcurl4-openssl-dev libarchive-dev libsqlite3-dev
  zlib1g-dev libzstd-dev libspdlog-dev prometheus-cpp-dev libcli11-dev)
# image/build.sh.
image=(python3)
# The emulator and the tests' own tools.
demo=(libboost-dev catch2 curl jq python3 openssl zstd docker-registry)
# libclang-19-dev and llvm-19-dev for tests/tidy_scope.cpp, prometheus for its promtool, lua5.1 for the health rules of Argo CD,
# zsh and fish for the completion scripts.
test=(clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev libclang-19-dev llvm-19-dev python3-pip python3-venv python3-yaml
  skopeo procps prometheus lua5.1 openssh-server zsh fish)

wanted=()
for set in "${@:-build}"; do
  case $set in
    build) wanted+=("${build[@]}") ;;
    image) wanted+=("${build[@]}" "${image[@]}") ;;
    demo) wanted+=("${build[@]}" "${demo[@]}") ;;
    test) wanted+=("${build[@]}" "${demo[@]}" "${test[@]}") ;;
    *) echo "install-packages.sh: unknown set '$set'; use build, image, demo or test" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
  command -v sudo >/dev/null || { echo "install-packages.sh: run as root or install sudo; missing: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
# docker-registry would start a service on port 5000; policy-rc.d keeps every service of this installation down.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
