# shellcheck shell=bash
# Sourced by scripts that run long commands: nothing runs in silence.

# quietly LOG COMMAND...: all output of the command goes to LOG; the end of it is shown if the command fails. While it
# runs, its latest line is shown: on a terminal as one line that changes, elsewhere as a line every ten seconds.
quietly() {
  local log=$1 reporter status=0
  shift
  : >"$log"
  report_progress "$log" &
  reporter=$!
  "$@" >>"$log" 2>&1 || status=$?
  kill "$reporter" 2>/dev/null || true
  wait "$reporter" 2>/dev/null || true
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
  if ((status != 0)); then
    tail -n 100 "$log" >&2
    echo "FAILED: $* (all of its output is in $log)" >&2
    exit 1
  fi
}

report_progress() {  # LOG; ends with the script, even if the script is killed
  local seconds=0 line width=100
  if [[ -t 1 ]]; then width=$(tput cols 2>/dev/null || echo 80); fi
  while sleep 1 && kill -0 $$ 2>/dev/null; do
    ((++seconds))
    if [[ ! -t 1 ]] && ((seconds % 10 != 0)); then continue; fi
    line=$(tail -c 1000 "$1" | tr '\r' '\n' | grep -v '^ *$' | tail -n 1 | tr -cd '[:print:]') || true
    line="   ${seconds} s: ${line:-working}"
    if [[ -t 1 ]]; then printf '\r\033[K%s' "${line:0:width - 1}"; else printf '%s\n' "${line:0:width}"; fi
  done
}
