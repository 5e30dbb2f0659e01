#!/usr/bin/env bash
# Makes the root file system of the container image from a built program: the program, the libraries it links, CA
# certificates, time zones, and what scanners and lawyers ask of the packages these come from.
#   image/root.sh BINARY ROOT       ROOT must not exist
set -euo pipefail
shopt -s inherit_errexit
umask 022

binary=$(realpath "$1")
root=$2
mkdir "$root"
cd "$root"

# Debian's merged /usr.
mkdir -p usr/bin usr/lib usr/lib64 etc/ssl/certs usr/share var/lib/dpkg/status.d proc sys dev tmp
ln -s usr/lib lib
ln -s usr/lib64 lib64
chmod 1777 tmp

install -m 755 "$binary" usr/bin/slipway
strip --strip-unneeded usr/bin/slipway

# "name => /path (address)" of each library, "/path (address)" of the loader.
libraries=$(ldd "$binary" | sed -nE 's/^\s*([^ ]+ => )?(\/[^ ]+) \(0x[0-9a-f]+\)$/\2/p')
while read -r library; do
  install -D -m 755 "$library" ".$(realpath "$(dirname "$library")")/$(basename "$library")"
done <<<"$libraries"

install -m 644 /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
cp -a /usr/share/zoneinfo usr/share/
rm -rf usr/share/zoneinfo/{posix,right,localtime,posixrules}
install -m 644 /usr/lib/os-release usr/lib/os-release
ln -s ../usr/lib/os-release etc/os-release
printf 'root:x:0:0:root:/:/sbin/nologin\nslipway:x:65532:65532:slipway:/tmp:/sbin/nologin\n' >etc/passwd
printf 'root:x:0:\nslipway:x:65532:\n' >etc/group
printf 'hosts: files dns\n' >etc/nsswitch.conf

# dpkg knows a library by its path before or after the merge of /usr.
owners=$(while read -r library; do
  real=$(realpath "$library")
  printf '%s\n' "$real" "${real#/usr}"
done <<<"$libraries" | { xargs dpkg -S 2>/dev/null || true; } | grep -v '^diversion')
while read -r library; do
  grep -q "/$(basename "$(realpath "$library")")\$" <<<"$owners" || { echo "root.sh: $library is of no Debian package" >&2; exit 1; }
done <<<"$libraries"
packages=$({ sed -E 's/(:[a-z0-9]+)?: .*//' <<<"$owners"; printf '%s\n' base-files ca-certificates tzdata; } | sort -u)
for package in $packages; do
  # As images without a package manager have it; scanners look there.
  dpkg-query -s "$package" | grep -v '^Conffiles:\|^ /' >"var/lib/dpkg/status.d/$package"
  install -D -m 644 "/usr/share/doc/$package/copyright" "usr/share/doc/$package/copyright"
done
chmod -R go=rX,u+w etc usr var/lib/dpkg
