#!/usr/bin/env bash
# make-image's images are read by a client that this project did not write (skopeo); the same arguments give the same
# bytes; reports bind to the image they are about.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # NAME EXPECTED FOUND
  [[ $2 == "$3" ]] && return 0
  printf 'make_image: %s: expected %s, found %s\n' "$1" "$2" "$3"
  exit 1
}
field() { python3 -c 'import json,sys; print(eval(sys.argv[1], {"r": json.load(sys.stdin)}))' "$1"; }
# What a reading client found intact: skopeo checks every digest, size and diff id while it copies.
intact() { skopeo --insecure-policy copy -q "$@" "dir:$work/read"; rm -rf "$work/read"; }

mkdir -p "$work/root/etc"
echo hello >"$work/root/etc/greeting"
ln -s greeting "$work/root/etc/link"

first=$(./make-image layout "$work/one" --layer 3M --layer 100 --rootfs "$work/root" --gzip)
again=$(./make-image layout "$work/two" --layer 3M --layer 100 --rootfs "$work/root" --gzip)
check "the same arguments give the same bytes" "$first" "$again"
other=$(./make-image layout "$work/two" --layer 3M --layer 100 --seed 1 --tag other)
[[ $first != "$other" ]] || check "another seed gives another image" different "$other"
intact "oci:$work/one:latest"
intact "oci:$work/two:latest"
intact "oci:$work/two:other"

mkdir -p "$work/arch/amd64" "$work/arch/arm64"
for arch in amd64 arm64; do echo "$arch" >"$work/arch/$arch/machine"; done
./make-image index "$work/each" --rootfs "$work/root" --rootfs "$work/arch/{architecture}" --platform linux/amd64 --platform linux/arm64 >"$work/log"
check "platforms have a folder each, and share the other (3 layers, 2 configs, 2 manifests, 1 index)" 8 "$(ls "$work/each/blobs/sha256" | wc -l)"
intact --all "oci:$work/each:latest"

./make-image layout "$work/run" --layer 1K --user 7:8 --env A=b --entrypoint /bin/app --cmd=--help >"$work/log"
check "how it is run" "7:8 ['A=b'] ['/bin/app'] ['--help']" "$(skopeo inspect --config "oci:$work/run:latest" |
  field '"{User} {Env} {Entrypoint} {Cmd}".format(**r["config"])')"

index=$(./make-image index "$work/many" --layer 1M --layer 64K --shared 1 --platform linux/amd64 --platform linux/arm64/v8)
check "an index's digest is that of its bytes" "$index" "sha256:$(sha256sum <"$work/many/blobs/sha256/${index#*:}" | cut -d' ' -f1)"
intact --all "oci:$work/many:latest"
check "platforms share the first layer only (3 layers, 2 configs, 2 manifests, 1 index)" 8 "$(ls "$work/many/blobs/sha256" | wc -l)"

archive=$(./make-image archive "$work/oci.tar" --layer 3M --layer 100 --rootfs "$work/root" --gzip)
check "an archive holds the image that the layout holds" "$first" "$archive"
intact "oci-archive:$work/oci.tar:latest"
./make-image archive "$work/twins.tar" --layer 1M --layer 1M --shared 2 >"$work/log"
intact "oci-archive:$work/twins.tar:latest"
config=$(./make-image docker-archive "$work/docker.tar" --layers 2 --layer-size 1M --tag app:1)
intact "docker-archive:$work/docker.tar:app:1"

check "a plain layer has the size asked for" 1048576 \
  "$(./make-image layout "$work/sized" --layer 1M >"$work/log"; skopeo inspect --raw "oci:$work/sized:latest" | field 'r["layers"][0]["size"]')"

child=$(skopeo inspect --raw --override-arch arm64 --config "oci:$work/many:latest" | sha256sum | cut -d' ' -f1)
./make-image report "$work/many" --platform linux/arm64/v8 --repository localhost:5000/app --created-at 2026-01-02T00:00:00Z \
  --vulnerability CVE-2026-1,HIGH,openssl,3.0.1,3.0.2 --vulnerability CVE-2026-2,LOW,zlib1g,1.2 >"$work/report"
check "a report names the config of the platform that was scanned" "sha256:$child" "$(field 'r["Metadata"]["ImageID"]' <"$work/report")"
check "a report names the index as asked for" "localhost:5000/app@$index" "$(field 'r["Metadata"]["RepoDigests"][0]' <"$work/report")"
check "a report lists what was found" "fixed affected" \
  "$(field '" ".join(v["Status"] for v in r["Results"][0]["Vulnerabilities"])' <"$work/report")"
check "a clean report covers the packages" "['Class', 'Target', 'Type']" \
  "$(./make-image report "$work/one" | field 'sorted(r["Results"][0])')"
check "an uncovered report has no results" False "$(./make-image report "$work/one" --uncovered | field '"Results" in r')"
check "a report about a docker archive names its config" "$config" \
  "$(./make-image report "$work/docker.tar" | field 'r["Metadata"]["ImageID"]')"
check "a report about an OCI archive names its diff ids" 3 "$(./make-image report "$work/oci.tar" | field 'len(r["Metadata"]["DiffIDs"])')"

if ./make-image layout "$work/none" 2>"$work/log"; then check "an image without layers is refused" refused made; fi
grep -q "give --layer SIZE" "$work/log"
echo "make_image: all checks passed"
