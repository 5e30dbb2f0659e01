#!/usr/bin/env bash
# The rules of docs/architecture.md that a script can check: which way includes point, where libraries, clocks, sleeping
# and catching may stand, that the chart has the CRDs of crds/manifests. Prints each line that breaks one.
set -euo pipefail
cd "$(dirname "$0")/.."

broken=0
# refuse RULE PATTERN PATHS... [-- ALLOWED-PATH-PATTERN]
refuse() {
  local rule=$1 pattern=$2 allowed='^$' found
  shift 2
  local paths=()
  while [[ $# -gt 0 && $1 != -- ]]; do paths+=("$1"); shift; done
  [[ ${1:-} == -- ]] && allowed=$2
  found=$(grep -rnE --include='*.h' --include='*.cpp' "$pattern" "${paths[@]}" | grep -vE "^($allowed)" || true)
  [[ -z $found ]] && return 0
  printf 'layering: %s\n%s\n' "$rule" "$found"
  broken=1
}

refuse "crds/ includes only crds/" '#include "(reconcilers|controller|tests)/' crds
refuse "reconcilers/ includes only crds/ and itself" '#include "(controller|tests)/' reconcilers
refuse "the product never includes tests" '#include "tests/' crds reconcilers controller
refuse "includes are written from the repository root" '#include "\.\.?/' crds reconcilers controller tests
refuse "no clock is read in crds/ and reconcilers/" '(system|steady|high_resolution)_clock::now|[^_a-z]time\(|gettimeofday|clock_gettime' crds reconcilers
refuse "no environment, files, threads or sockets in crds/ and reconcilers/" 'getenv|[io]?fstream|std::filesystem|std::j?thread|<sys/' crds reconcilers
refuse "clocks are read in controller/runtime/system_clock alone" '(system|high_resolution)_clock::now' controller -- 'controller/runtime/system_clock'
refuse "nothing sleeps or detaches" 'sleep_for|sleep_until|usleep\(|\.detach\(\)' crds reconcilers controller
refuse "a lock in the head of a range-for ends before the loop" 'for \([^;]*: \*?[^;]*\.lock\(\)' crds reconcilers controller tests
refuse "libcurl stays in its adapter" '#include <curl/' crds reconcilers controller -- 'controller/http/curl_'
refuse "spdlog stays in telemetry" '#include <(spdlog|fmt)/' crds reconcilers controller -- 'controller/telemetry/'
refuse "prometheus-cpp stays in telemetry" '#include <prometheus/' crds reconcilers controller -- 'controller/telemetry/'
refuse "nlohmann_json stays behind Node" '#include <nlohmann/' crds reconcilers controller tests/emulator -- 'crds/base/json_document'
refuse "SQLite stays in its adapter" '#include <sqlite3' crds reconcilers controller -- 'controller/manifests/'
refuse "yaml-cpp stays behind Node" '#include <yaml-cpp/' crds reconcilers controller -- 'crds/base/yaml_'
refuse "RE2 stays in crds/" '#include <re2/' reconcilers controller
refuse "OpenSSL stays behind Digest and what libcurl says of a certificate" '#include <openssl/' crds reconcilers controller -- 'crds/base/digest|controller/http/curl_failure'
refuse "libarchive stays in its adapter" '#include <archive' crds reconcilers controller -- 'controller/sources/tar_reader'
refuse "zlib stays where layers and reports are checked" '#include <zlib' crds reconcilers controller -- '(controller/transfer/layer_check|reconcilers/gzip)'
refuse "libzstd stays in its adapter" '#include <zstd' crds reconcilers controller -- 'controller/zstd/'
refuse "CLI11 stays in the command line" '#include <CLI/' crds reconcilers controller -- 'controller/cli/'
refuse "civetweb stays in telemetry" '#include <civetweb' crds reconcilers controller -- 'controller/telemetry/'
refuse "Boost stays in the emulator" '#include <boost/' crds reconcilers controller
refuse "Catch2 is included in one place" '#include <catch2/' tests -- 'tests/catch.h'
refuse "heavy headers never in a header of ours" '#include <(curl|spdlog|nlohmann/json.hpp|yaml-cpp|openssl|CLI|boost|archive)' crds reconcilers controller -- '[^:]*\.cpp:'
refuse "nothing is left for later" '\b(TODO|FIXME|XXX|HACK)\b' crds reconcilers controller tests examples
refuse "headers are guarded by pragma once" '#ifndef [A-Z_]+_H_?$' crds reconcilers controller tests

for header in $(git ls-files '*.h'); do
  head -5 "$header" | grep -q '#pragma once' || { echo "layering: $header lacks #pragma once"; broken=1; }
done
long=$(git ls-files 'crds/*.h' 'reconcilers/*.h' 'controller/*.h' | xargs -r wc -l | awk '$2 != "total" && $1 > 220 {print $2": "$1" lines"}')
[[ -z $long ]] || { printf 'layering: headers over 220 lines hold two things\n%s\n' "$long"; broken=1; }
long=$(git ls-files 'crds/*.cpp' 'reconcilers/*.cpp' 'controller/*.cpp' | xargs -r wc -l | awk '$2 != "total" && $1 > 450 {print $2": "$1" lines"}')
[[ -z $long ]] || { printf 'layering: sources over 450 lines hold two things\n%s\n' "$long"; broken=1; }

diff -r crds/manifests charts/slipway/files/crds || { echo "layering: the chart's CRDs are not those of crds/manifests: ninja -C build/dev crd-manifests"; broken=1; }

[[ $broken == 0 ]] && echo "layering: all rules hold"
exit $broken
