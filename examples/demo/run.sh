#!/usr/bin/env bash
# Slipway from nothing: builds it, makes real images, starts two registries on this machine and lets Slipway publish
# what the resources in examples/demo/manifests ask for. One image's scan fails and one tag is taken: both are part of
# the show. Ends with 0 only when everything came out as expected.
#
#   examples/demo/run.sh [--stay]     --stay: keep registries and controller running until Ctrl-C
#
# For Debian 12, as root or with sudo (for packages only). Needs 5 GB of disk. Starts over each time; build and images
# are kept. Environment: SLIPWAY_DEMO_DIR (default: build/demo), JOBS (default: the number of processors),
# SLIPWAY_PROGRAMS (a folder with slipway and acr-emulator: nothing is built).
set -euo pipefail
cd "$(dirname "$0")/../.."

stay=
case ${1:-} in
  "") ;;
  --stay) stay=1 ;;
  -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "run.sh: unknown argument '$1'; see examples/demo/run.sh --help" >&2; exit 2 ;;
esac

work=${SLIPWAY_DEMO_DIR:-build/demo}
mkdir -p "$work/logs"
work=$(realpath "$work")
source examples/demo/lib.sh
trap stop_servers EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

programs=${SLIPWAY_PROGRAMS:-build/release}
slipway=$programs/slipway
emulator=$programs/acr-emulator
folder=(--root "$work" --state "$work/state.db")
cut_at=$((60 * 1000 * 1000))

packages() {
  step "Packages of Debian that are missing"
  cmake/install-packages.sh demo
}

build() {
  [[ -z ${SLIPWAY_PROGRAMS:-} ]] || return 0
  step "Build slipway and the registry emulator; the first time takes minutes, the log is $work/logs/build.log"
  {
    cmake --preset release &&
      cmake --build --preset release -j "${JOBS:-$(nproc)}" --target slipway acr-emulator
  } 2>&1 | tee "$work/logs/build.log" | build_progress || give_up "the build failed" "$work/logs/build.log"
  say "$("$slipway" version)"
}

images() {
  step "Images of Debian packages: one for two platforms, one of 1.2 GB, a compressed archive, a docker save"
  examples/demo/make-images.sh "$work"
  make_reports
  say "and scan reports of these very images, of the form that Trivy writes"
}

report() { # FILE IMAGE ARGUMENTS...
  tests/support/make-image report "$work/images/$2" "${@:3}" >"$work/reports/$1.json"
}

make_reports() {
  mkdir -p "$work/reports"
  report storefront-amd64 storefront --platform linux/amd64 --vulnerability CVE-2026-20001,HIGH,tzdata,2024a,2026a
  report storefront-arm64 storefront --platform linux/arm64 --vulnerability CVE-2026-20002,LOW,busybox-static,1.35.0
  report forecast forecast
  report invoice invoice.tar
  report catalog catalog.tar
  report payments payments --vulnerability CVE-2026-30001,HIGH,busybox-static,1.35.0,1.36.1 \
    --vulnerability CVE-2026-30002,MEDIUM,busybox-static,1.35.0
}

registries() {
  step "Two registries on this machine, both empty"
  rm -rf "$work"/{registries,manifests,before,itself} "$work"/{state,before,itself}.db*
  start registry "$emulator" --listen 127.0.0.1:0 --data "$work/registries/destination" --config examples/demo/emulator.yaml
  start builds "$emulator" --listen 127.0.0.1:0 --data "$work/registries/builds"
  wait_for registry 20 listens registry
  wait_for builds 20 listens builds
  destination=$(port_of registry)
  builds=$(port_of builds)
  say "127.0.0.1:$destination is published to (user demo, password demo-only), 127.0.0.1:$builds holds builds"
  place manifests
  place before
  place itself
  cp "$work/manifests/registry.yaml" "$work/itself/"
}

# Copies resources, with the ports that are free today.
place() { # FOLDER
  mkdir -p "$work/$1"
  local file
  for file in examples/demo/"$1"/*.yaml; do
    sed "s/127\.0\.0\.1:5001/127.0.0.1:$destination/; s/127\.0\.0\.1:5002/127.0.0.1:$builds/" "$file" >"$work/$1/${file##*/}"
  done
}

before() {
  step "What others left there before: published with slipway publish, as a CI job would"
  "$slipway" publish -f "$work/before" --root "$work" --state "$work/before.db" --publisher-id somebody-else
}

plan() {
  step "What Slipway would do with the resources in $work/manifests: validate, then plan"
  "$slipway" validate -f "$work/manifests" --root "$work"
  local rc=0
  "$slipway" plan -f "$work/manifests" "${folder[@]}" || rc=$?
  check "plan ends with 1, because two publications would be refused" 1 "$rc"
}

publish() {
  step "slipway run: what it says about its work (the whole log is $work/logs/slipway.log)"
  cut_a_layer
  endpoints=$(free_port)
  start slipway "$slipway" run --manifests "$work/manifests" "${folder[@]}" --listen "127.0.0.1:$endpoints" --log-format text
  tail -n +1 -f --pid="${servers[slipway]}" "$work/logs/slipway.log" | sed -u 's/^/   /' &
  local shown=$!
  wait_for slipway 20 answers "127.0.0.1:$endpoints/readyz"
  wait_for slipway 300 is_settled
  curl -fsS "http://127.0.0.1:$endpoints/metrics" >"$work/logs/metrics.txt"
  kill "$shown" 2>/dev/null || true
}

# The registry of builds drops its connection once, in the middle of forecast's third layer.
cut_a_layer() {
  local manifest layer
  manifest=$(digest_of forecast)
  layer=$(jq -r '.layers[2].digest' "$work/images/forecast/blobs/sha256/${manifest#sha256:}")
  jq -n --arg path "/builds/forecast/blobs/$layer" --argjson bytes "$cut_at" \
    '{action: "DropResponse", method: "GET", path: $path, bytes: $bytes}' |
    curl -fsS -X POST --data-binary @- "http://127.0.0.1:$builds/_emulator/faults" >"$work/logs/.answer"
  say "the registry of builds will drop its connection once, $((cut_at / 1000000)) MB into a layer of forecast (${layer:0:19}…)"
}

# What status.attempt says of a transfer: written after 2 s, then every 10 s.
show_progress() {
  local progress
  progress=$(jq -r '.items[] | select(.status.attempt.progress) |
    "\(.metadata.namespace)/\(.metadata.name): \(.status.attempt.progress | "\(.bytesDone / 1e6 | floor) of \(.bytesTotal / 1e6 | floor)") MB"' "$work/logs/resources.json")
  [[ -n $progress && $progress != "${shown_progress:-}" ]] || return 0
  shown_progress=$progress
  say "$progress"
}

# Every publication is done with, one way or the other (kstatus: Current or Failed).
is_settled() {
  "$slipway" get -f "$work/manifests" "${folder[@]}" -o json >"$work/logs/resources.json" 2>"$work/logs/get.log" || return 1
  show_progress
  jq -e '[.items[] | select(.kind == "ImagePublication")] | length == 5 and all(
           .status.observedGeneration == .metadata.generation and any(.status.conditions[]?;
             (.type == "Ready" or .type == "Stalled") and .status == "True"))' "$work/logs/resources.json" >"$work/logs/.answer"
}

# What somebody who is not Slipway finds in the registry, and what the resources say of it.
verify() {
  step "Check, with curl and jq alone"
  check "storefront is published" "True Succeeded" "$(condition storefront-staging Ready)"
  check "forecast is published" "True Succeeded" "$(condition forecast Ready)"
  check "invoice is published" "True Succeeded" "$(condition invoice Ready)"
  local tag
  for tag in 4f2a91c07be3 1.8.2 1.8 staging; do
    check "shop/storefront:$tag names the index of both platforms" "$(digest_of storefront)" "$(digest_at shop/storefront "$tag")"
  done
  check "shop/forecast:3.0.0 names the image that was built" "$(digest_of forecast)" "$(digest_at shop/forecast 3.0.0)"
  check "shop/invoice:0.9.0-rc.1 names the image in the archive" "$(digest_of invoice.tar)" "$(digest_at shop/invoice 0.9.0-rc.1)"
  check "a record lies beside shop/storefront" 1 "$(records shop/storefront "$(digest_of storefront)")"
  check "payments is held back by its scan" "False FindingsAboveLimit" "$(condition payments GatesPassed)"
  check "no tag was set for it" none "$(digest_at shop/payments 2.1.0)"
  check "catalog is held back by the tag that is taken" "False TagConflict" "$(condition catalog Tagged)"
  check "the tag that is taken was left as it was" "$(digest_of catalog-before)" "$(digest_at shop/catalog 2.4.0)"
  check "and no other tag of it was moved" none "$(digest_at shop/catalog latest)"
  check "one transfer was cut and resumed" 1 "$(awk '$1 == "slipway_transfer_resumes_total" { print $2 }' "$work/logs/metrics.txt")"
  check "the rest of that layer was asked for by Range" 206 "$(resumed_request)"
}

records() { # REPOSITORY DIGEST
  curl -s -u demo:demo-only "http://127.0.0.1:$destination/v2/$1/referrers/$2" |
    jq '[.manifests[] | select(.artifactType == "application/vnd.slipway.publication.v1+json")] | length'
}

# The answer's status to the request that went on in the middle of forecast's layer.
resumed_request() {
  curl -fsS "http://127.0.0.1:$builds/_emulator/requests" | jq -r 'first(.requests[] | select(.method == "GET" and .status == 206) | .status)'
}

# The registry is asked about each tag, and that is all: nothing is sent, no tag is set again.
again() {
  step "The same once more, as after a restart: nothing is left to do"
  stop slipway
  curl -fsS -X DELETE "http://127.0.0.1:$destination/_emulator/requests" >"$work/logs/.answer"
  local rc=0
  "$slipway" publish -f "$work/manifests" "${folder[@]}" >"$work/logs/again.log" 2>&1 || rc=$?
  check "slipway publish ends with 1, because two publications are still refused" 1 "$rc"
  say "the registry was asked $(curl -fsS "http://127.0.0.1:$destination/_emulator/requests" | jq .count) times"
  check "and nothing of that changes it" 0 "$(changes_at_destination)"
}

changes_at_destination() {
  curl -fsS "http://127.0.0.1:$destination/_emulator/requests" |
    jq '[.requests[] | select(.method == "PUT" or .method == "POST" or .method == "PATCH" or .method == "DELETE") |
         select(.target | startswith("/v2/"))] | length'
}

itself() {
  step "Slipway's own container image: made without docker or root, and published with slipway publish"
  local version
  version=$("$slipway" version | cut -d' ' -f2)
  rm -rf "$work/images/slipway"
  image/build.sh "$work/images/slipway" "$slipway" >"$work/logs/image.log" || give_up "the image was not made" "$work/logs/image.log"
  report slipway slipway --tag "$version"
  "$slipway" publish -f "$work/itself" --root "$work" --state "$work/itself.db" --set "spec.build.version=$version"
  check "shop/slipway:$version names the image that was made" "$(digest_of slipway)" "$(digest_at shop/slipway "$version")"
}

refusals() {
  step "What was refused, why, and what to do about it"
  local name
  for name in payments catalog; do
    say "$name: $(publication "$name" '.status.attempt.error.message')"
    say "  what to do: $(publication "$name" '.status.attempt.error.remedy')"
  done
}

table() {
  step "slipway get"
  "$slipway" get -f "$work/manifests" "${folder[@]}"
}

further() {
  local in="-f $work/manifests --root $work --state $work/state.db"
  cat <<END

== To look further
   everything about one:     $slipway describe ipub payments $in
   for programs (conditions are of the edit that observedGeneration counts):
                             $slipway get ipub $in -o json | jq '.items[] | {name: .metadata.name, generation: .metadata.generation,
                               observed: .status.observedGeneration, conditions: .status.conditions}'
   what it counted:          $work/logs/metrics.txt
   its log:                  $work/logs/slipway.log
   the resources:            $work/manifests, explained in README.md and docs/reference/
   try it:                   examples/demo/run.sh --stay keeps everything running. While it does, do as payments says: add below the
                             last line of $work/manifests/payments.yaml, as deep as that,
      exceptions: [{id: CVE-2026-30001, until: "2099-12-31", reason: "only a demo"}]
                             and look again
   to be rid of it:          rm -r $work (5 GB)
END
}

stay() {
  step "Registries and controller stay up until Ctrl-C"
  start slipway "$slipway" run --manifests "$work/manifests" "${folder[@]}" --listen "127.0.0.1:$endpoints" --log-format text
  wait_for slipway 20 answers "127.0.0.1:$endpoints/readyz"
  say "registry http://127.0.0.1:$destination (demo, demo-only)   metrics http://127.0.0.1:$endpoints/metrics"
  tail -n +1 -f --pid="${servers[slipway]}" "$work/logs/slipway.log" | sed -u 's/^/   /' &
  # Unlike what runs in the foreground, a wait lets SIGTERM through.
  wait "$!"
}

packages
build
images
registries
before
plan
publish
verify
again
itself
refusals
table
further
if [[ $failed_checks -gt 0 ]]; then
  printf '\nThe demo FAILED: %d checks, after %d s.\n' "$failed_checks" "$((SECONDS - began))"
  exit 1
fi
printf '\nAll came out as expected, after %d s.\n' "$((SECONDS - began))"
if [[ -n $stay ]]; then stay; fi
