#!/usr/bin/env bash
# The reference pages name exactly what the sources have: every metric, every reason, every option, every exit code.
set -euo pipefail
cd "$(dirname "$0")/.."

wrong=0
same() { # WHAT SOURCE-LINES PAGE-LINES
  local difference
  difference=$( { diff <(sort -u <<<"$2") <(sort -u <<<"$3") || true; } | sed -n 's/^< /missing on the page: /p; s/^> /not in the sources: /p')
  [[ -z $difference ]] && return 0
  printf 'docs: %s:\n%s\n' "$1" "$difference"
  wrong=1
}

same "docs/reference/metrics.md" \
  "$(grep -ohE '(gauge|counter|histogram)\("[a-z_]+"' controller/telemetry/*.cpp | sed 's/.*"\(.*\)"/\1/')" \
  "$(sed -n 's/^| `\([a-z_]*\)` |.*/\1/p' docs/reference/metrics.md)"
same "docs/reference/conditions.md" \
  "$( { grep -ozE 'k[A-Za-z]+ =\s*"[A-Za-z]+"' reconcilers/reasons.h; grep -oE 'return "[A-Z][A-Za-z]+"' crds/base/result.cpp; } | tr '\0' '\n' | grep -oE '"[A-Za-z]+"' | tr -d '"')" \
  "$(sed -n 's/^| `\([A-Za-z]*\)` |.*/\1/p' docs/reference/conditions.md)"

# What every program of its library has the page names as well.
same "docs/reference/command-line.md and audit.md" \
  "$( { echo --help; grep -ohE '"[-a-z,]*--[a-z-]+[-a-z,]*"' controller/cli/*.cpp; } | grep -oE -- '--[a-z-]+')" \
  "$(grep -ohE -- '--[a-z][a-z-]*' docs/reference/command-line.md docs/reference/audit.md)"

same "docs/reference/command-line.md, exit codes" \
  "$(sed -n 's/^  [A-Z][a-z]* = \([0-9]*\),.*/\1/p' controller/cli/exit_code.h)" \
  "$(sed -n '/^## Exit codes/,/^## Files/s/^| \([0-9, ]*\) |.*/\1/p' docs/reference/command-line.md | tr -d ' ' | tr ',' '\n')"

[[ $wrong == 0 ]] && echo "docs: metrics, reasons, options and exit codes are all there"
exit $wrong
