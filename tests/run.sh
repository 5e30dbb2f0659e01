#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test of the project.
#   tests/run.sh [STEP...]     default: format layering asan tsan fuzz tidy; on request: dev release demo
# Environment: FUZZ_SECONDS (per target, default 8), JOBS (default: the number of processors).
# The steps share nothing but the compiler cache, so one step can be run alone.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
steps=("$@")
[[ ${#steps[@]} -gt 0 ]] || steps=(format layering asan tsan fuzz tidy)

sources() { git ls-files '*.h' '*.cpp'; }

format() { sources | xargs -r clang-format-19 --dry-run -Werror; }

layering() { tests/layering_test.sh; }

# build PRESET [TARGET...]: with warnings as errors, whatever the preset says.
build() {
  local preset=$1
  shift
  cmake --preset "$preset" -DSLIPWAY_WERROR=ON >/dev/null && cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"}
}

# run PRESET CTEST-OPTION...
run() {
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" "$@"
}

# Every test, without sanitizers: the quick way while one works.
dev() { build dev && run dev; }

# Every test, with the address and undefined-behaviour sanitizers.
asan() {
  build asan || return 1
  ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 run asan
}

# What has threads, with the thread sanitizer.
tsan() {
  build tsan threaded_tests || return 1
  TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tests/thread-sanitizer.supp run tsan -L '^threads$'
}

# What users run, tested as a process.
release() { build release slipway acr-emulator && run release -L '^process$'; }

# What was found clean once is not looked at again until it changes.
tidy() { build tidy && tests/tidy.py build/tidy; }

# Each parser of strangers' bytes, for a moment.
fuzz() { tests/fuzz/run.sh "${FUZZ_SECONDS:-8}"; }

# Long and large: publishes an image of over 1 GB to registries on this machine.
demo() { examples/demo/run.sh; }

cmake/install-packages.sh test
# A test that needs one of these programs and does not find it fails.
export SLIPWAY_EVERY_TOOL=1
passed=0
for step in "${steps[@]}"; do
  [[ $(type -t "$step") == function ]] || { echo "tests/run.sh: no step '$step'" >&2; exit 2; }
  echo "== $step"
  started=$SECONDS
  if ! "$step"; then
    echo "== $step FAILED after $((SECONDS - started)) s"
    echo "$passed passed, 1 failed"
    exit 1
  fi
  passed=$((passed + 1))
  echo "== $step passed in $((SECONDS - started)) s"
done
echo "$passed passed, 0 failed, $SECONDS s in all"
