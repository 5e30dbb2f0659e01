# What run.sh is made of: saying, starting, waiting, asking, checking. Expects $work.

began=$SECONDS
failed_checks=0
declare -A servers=()

step() {
  printf '\n== %s (after %d s)\n' "$1" "$((SECONDS - began))"
}

say() {
  printf '   %s\n' "$@"
}

give_up() { # MESSAGE [LOG]
  printf 'demo: %s\n' "$1" >&2
  if [[ -n ${2:-} ]]; then
    tail -n 20 "$2" | sed 's/^/   /' >&2
    printf 'demo: the whole log is %s\n' "$2" >&2
  fi
  exit 1
}

# A port that nobody listens on now.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start NAME COMMAND...: in the background, its output in a log.
start() {
  "${@:2}" >"$work/logs/$1.log" 2>&1 &
  servers[$1]=$!
}

stop() { # NAME
  local pid=${servers[$1]:-}
  [[ -n $pid ]] || return 0
  unset "servers[$1]"
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

stop_servers() {
  local name
  for name in "${!servers[@]}"; do stop "$name"; done
}

# The emulator takes a free port and prints it.
port_of() { # NAME
  sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$work/logs/$1.log"
}

listens() { # NAME
  [[ -n $(port_of "$1") ]]
}

answers() { # HOST:PORT/PATH, whatever the answer
  curl -s -o "$work/logs/.answer" "http://$1"
}

# wait_for NAME SECONDS COMMAND...: until the command succeeds; gives up when the server ends or time is over.
wait_for() {
  local name=$1 deadline=$((SECONDS + $2))
  until "${@:3}"; do
    kill -0 "${servers[$name]}" 2>/dev/null || give_up "$name ended" "$work/logs/$name.log"
    [[ $SECONDS -lt $deadline ]] || give_up "$name was waited for in vain" "$work/logs/$name.log"
    sleep 0.2
  done
}

# A line for every twentieth of the build where nobody looks at a terminal; there the builder shows itself.
build_progress() {
  if [[ -t 1 ]]; then
    cat
    return
  fi
  local line shown=0
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
    [[ $((20 * BASH_REMATCH[1] / BASH_REMATCH[2])) -gt $shown ]] || continue
    shown=$((20 * BASH_REMATCH[1] / BASH_REMATCH[2]))
    say "built ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} after $((SECONDS - began)) s"
  done
}

# The digest of the only image in a layout folder or an archive.
digest_of() { # IMAGE
  local image=$work/images/$1
  if [[ -d $image ]]; then jq -r '.manifests[0].digest' "$image/index.json"; else tar -xOf "$image" index.json | jq -r '.manifests[0].digest'; fi
}

# What the registry itself says that a tag names, asked without Slipway; "none" when there is no such tag.
digest_at() { # REPOSITORY TAG
  local headers
  headers=$(curl -s -I -u demo:demo-only -H 'Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json' \
    "http://127.0.0.1:$destination/v2/$1/manifests/$2" | tr -d '\r')
  awk 'BEGIN { found = "none" } tolower($1) == "docker-content-digest:" { found = $2 } END { print found }' <<<"$headers"
}

publication() { # NAME JQ-EXPRESSION
  jq -r --arg name "$1" "first(.items[] | select(.kind == \"ImagePublication\" and .metadata.name == \$name)) | $2" "$work/logs/resources.json"
}

condition() { # NAME TYPE: "True Succeeded"
  publication "$1" "first(.status.conditions[]? | select(.type == \"$2\")) | \"\(.status) \(.reason)\""
}

check() { # WHAT EXPECTED FOUND
  if [[ $2 == "$3" ]]; then
    printf '   ok      %s\n' "$1"
  else
    printf '   FAILED  %s: expected %s, found %s\n' "$1" "$2" "$3"
    failed_checks=$((failed_checks + 1))
  fi
}
