#!/usr/bin/env bash
# Makes the demo's images from Debian packages: real file systems, no daemon, nothing installed, no root needed.
#   make-images.sh DIR      what is there already is not made again
#
#   DIR/images/storefront       OCI layout, an index of linux/amd64 and linux/arm64
#   DIR/images/forecast         OCI layout, 1.2 GB in 10 layers (the 8 large ones stand for a model's weights)
#   DIR/images/payments         OCI layout
#   DIR/images/invoice.tar.zst  OCI archive, compressed
#   DIR/images/catalog.tar      what `docker save` writes
#   DIR/images/catalog-before   OCI layout: what somebody else published as the same version of catalog
# The first layer of each holds Debian's base files, network names and time zones: the same bytes in all whose layers are
# compressed, and the same in the two whose layers are not (forecast, catalog).
set -euo pipefail

work=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
make_image=$here/../../tests/support/make-image
base_packages=(base-files netbase tzdata)
application_packages=(busybox-static)
architectures=(amd64 arm64)

# apt with package lists of its own, so that another architecture can be asked for without changing this machine.
private_apt() { # ARCHITECTURE VERB...
  local state=$work/apt/$1
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  touch "$state/status"
  apt-get -qq -o APT::Architecture="$1" -o APT::Architectures="$1" -o APT::Sandbox::User= -o Acquire::Languages=none \
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
    -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" \
    -o Dir::Cache="$state/cache" "${@:2}"
}

# Unpacks packages and registers them where scanners look when there is no package manager (as distroless images do).
unpack() { # PACKAGES-DIR ROOT NAME...
  local package file
  mkdir -p "$2/var/lib/dpkg/status.d"
  for package in "${@:3}"; do
    file=$(find "$1" -name "${package}_*.deb")
    dpkg-deb --extract "$file" "$2"
    dpkg-deb --field "$file" >"$2/var/lib/dpkg/status.d/$package"
  done
}

# The page that the image's web server shows is all that differs between the demo's applications.
application() { # ROOT NAME VERSION
  mkdir -p "$1/srv"
  printf '<h1>%s %s</h1>\n' "$2" "$3" >"$1/srv/index.html"
  printf '#!/bin/busybox sh\nexec busybox httpd -f -p 8080 -h /srv\n' >"$1/srv/start"
  chmod 755 "$1/srv/start"
}

fetch() { # ARCHITECTURE
  local packages=$work/packages/$1
  [[ -e $packages/.whole ]] && return
  mkdir -p "$packages"
  private_apt "$1" update
  (cd "$packages" && private_apt "$1" download "${base_packages[@]}" "${application_packages[@]}")
  rm -rf "$work/apt"
  touch "$packages/.whole"
}

make_roots() { # ARCHITECTURE
  local roots=$work/roots/$1
  [[ -e $roots/.whole ]] && return
  unpack "$work/packages/$1" "$roots/base" "${base_packages[@]}"
  local name
  for name in storefront payments invoice forecast catalog; do
    unpack "$work/packages/$1" "$roots/$name" "${application_packages[@]}"
    application "$roots/$name" "$name" 1
  done
  unpack "$work/packages/$1" "$roots/catalog-before" "${application_packages[@]}"
  application "$roots/catalog-before" catalog "1, as somebody else built it"
  touch "$roots/.whole"
}

# image OUTPUT VERB NAME ARGUMENTS...: appears under OUTPUT only when it is whole.
image() {
  local output=$work/images/$1 partial=$work/images/.partial-$1
  [[ -e $output ]] && return
  echo "  $1"
  rm -rf "$partial"
  "$make_image" "$2" "$partial" --rootfs "$work/roots/{architecture}/base" --rootfs "$work/roots/{architecture}/$3" \
    --cmd /srv/start "${@:4}" >"$work/images/.log"
  mv "$partial" "$output"
}

mkdir -p "$work/images"
for architecture in "${architectures[@]}"; do
  fetch "$architecture"
  make_roots "$architecture"
done
image storefront index storefront --gzip --platform linux/amd64 --platform linux/arm64
image payments layout payments --gzip
image forecast layout forecast --layers 8 --layer-size 150M
image catalog-before layout catalog-before
image catalog.tar docker-archive catalog --tag shop/catalog:2.4.0
image invoice.tar archive invoice --gzip
[[ -e $work/images/invoice.tar.zst ]] || zstd -q "$work/images/invoice.tar"
