#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test of the project.
#   tests/run.sh [STEP...]     steps: format layering dev release asan tsan tidy fuzz   (default: the first three)
# Environment: FUZZ_SECONDS (per target, default 20), JOBS (default: the number of processors).
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
steps=("$@")
[[ ${#steps[@]} -gt 0 ]] || steps=(format layering dev)

sources() { git ls-files '*.h' '*.cpp'; }

format() { sources | xargs -r clang-format-19 --dry-run -Werror; }

layering() { tests/layering_test.sh; }

build() {
  cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"
}

dev() { build dev && ctest --test-dir build/dev --output-on-failure -j "$jobs"; }

release() { build release && ctest --test-dir build/release --output-on-failure -j "$jobs"; }

asan() {
  build asan || return 1
  ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 \
    ctest --test-dir build/asan --output-on-failure -j "$jobs" -LE 'once'
}

# The thread sanitizer over what has threads.
tsan() {
  build tsan || return 1
  TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 \
    ctest --test-dir build/tsan --output-on-failure -j "$jobs" -L 'threads'
}

# cpprestsdk's and Boost's headers do not parse with clang in C++23 mode, so who includes them stays out.
tidy() {
  cmake --preset dev >/dev/null
  git ls-files 'crds/*.cpp' 'reconcilers/*.cpp' 'controller/*.cpp' | xargs grep -LE '#include <(cpprest|pplx|boost)/' |
    xargs -r -P "$jobs" -n 4 clang-tidy-19 -p build/dev --quiet
}

fuzz() { tests/fuzz/run.sh "${FUZZ_SECONDS:-20}"; }

cmake/install-packages.sh test
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
echo "$passed passed, 0 failed"
