#!/usr/bin/env bash
# Builds the fuzz targets and runs each on its corpus for a while; fails on a crash, a leak or an input that takes long.
#   tests/fuzz/run.sh SECONDS [NAME...]     NAME: documents, image_reference, ... (default: all)
# Inputs that break a target stay in build/fuzz/found/.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:?seconds per target}
shift
names=("$@")
if [[ ${#names[@]} -eq 0 ]]; then
  for source in tests/fuzz/*_fuzz.cpp; do names+=("$(basename "$source" _fuzz.cpp)"); done
fi

cmake --preset fuzz
cmake --build --preset fuzz -j "${JOBS:-$(nproc)}" --target "${names[@]/%/_fuzz}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p build/fuzz/found
for name in "${names[@]}"; do
  echo "== fuzz $name"
  mkdir -p "$scratch/$name"
  "build/fuzz/${name}_fuzz" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1 \
    -verbosity=0 -artifact_prefix="build/fuzz/found/$name-" "$scratch/$name" "tests/fuzz/corpus/$name"
done
echo "fuzz: ${#names[@]} targets, nothing found"
