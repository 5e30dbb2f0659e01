#!/usr/bin/env bash
# The examples, the demo's resources and those that the pages show are valid, and the command lines that they show are
# understood.
#   examples_test.sh SLIPWAY
set -euo pipefail
slipway=$(realpath "$1")
cd "$(dirname "$0")/../examples"

for resources in registry.yaml publication.yaml retention.yaml cluster demo/manifests demo/before demo/itself; do
  "$slipway" validate -f "$resources" || { echo "examples: $resources is not valid"; exit 1; }
done

pages=0
for page in ../README.md ../image/README.md ../docs/reference/*.md; do
  resource=$(sed -n '/^```yaml$/,/^```$/{s/^```yaml$/---/;/^```/d;p}' "$page")
  [[ -n $resource ]] || continue
  pages=$((pages + 1))
  "$slipway" validate -f - <<<"$resource" || { echo "examples: the resource in $page is not valid"; exit 1; }
done
[[ $pages -eq 5 ]] || { echo "examples: expected a resource on 5 pages, found $pages"; exit 1; }

# What the demo tells one to add to payments.yaml.
exception=$(sed -n '/^ *exceptions: /p' demo/run.sh)
{ cat demo/manifests/registry.yaml; echo ---; cat demo/manifests/payments.yaml; echo "$exception"; } | "$slipway" validate -f - \
  || { echo "examples: the demo's exception does not fit into payments.yaml"; exit 1; }

verbs=0
while read -r verb flags; do
  verbs=$((verbs + 1))
  help=$("$slipway" "$verb" --help)
  for flag in $(grep -oE -- '(^| )-{1,2}[a-z][a-z-]*' <<<"$flags"); do
    grep -qE -- "(^|[ ,])$flag([ ,=]|$)" <<<"$help" || { echo "examples: slipway $verb has no $flag"; exit 1; }
  done
done < <(grep -rhoE 'slipway"? (run|publish|plan|validate|get|describe) .*' github-actions/publish.yaml ../README.md ../image/README.md | sed 's/^slipway"\? //')
[[ $verbs -gt 0 ]] || { echo "examples: no command line was found"; exit 1; }
echo "examples: all valid, $verbs command lines understood"
