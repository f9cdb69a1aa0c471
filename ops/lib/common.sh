# What ops/up, ops/down and ops/test share. Sourced, never run.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
BUILD=${KUBARI_BUILD_DIR:-$ROOT/build}
# In the order of their ports (port_of).
SERVICES=(identity donors groups stock allocation impact notifications support)
# Those that keep something encrypted, each with a key of its own.
ENCRYPTING=(notifications support)
# The data folder's layout; a folder with a higher number was made by a newer Kubari.
DATA_FORMAT=1

STEP=  # process group of the step under way

# One sentence, English and Japanese; the terminal's language decides. Ends the script.
die() {
  case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in
    ja*) printf '\nkubari: %s\n' "${2:-$1}" >&2 ;;
    *) printf '\nkubari: %s\n' "$1" >&2 ;;
  esac
  exit 1
}

say() { printf '%s\n' "$*"; }

# Runs a command as the user who owns the data folder. Root itself never writes inside that folder: a link put there must not lead
# root astray.
as_user() {
  if [[ $EUID == 0 && -n ${SERVICE_USER:-} && $SERVICE_USER != root ]]; then
    setpriv --reuid "$SERVICE_USER" --regid "${SERVICE_GROUP:=$(id -g "$SERVICE_USER")}" --init-groups -- "$@"
  else
    "$@"
  fi
}

# Writes standard input to a file of the data folder, whole or not at all.
write_file() {
  # shellcheck disable=SC2016
  as_user sh -c 'umask 077 && cat >"$1.new" && mv -f "$1.new" "$1"' - "$1"
}

# Some locales write the clock with a comma.
seconds_since() { awk -v a="${1/,/.}" -v b="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.1f", b - a }'; }

# step LABEL LOG COMMAND…: one line with the seconds it took; what the command prints goes to LOG, whose end is shown if it fails.
# Never call it within a condition: bash then ignores errors inside the command.
step() {
  local label=$1 log=$2 start=$EPOCHREALTIME began=$SECONDS shown=$SECONDS
  shift 2
  [[ -t 1 ]] && printf '  %s …' "$label"
  set -m  # its own process group, so that Ctrl-C can end all of it
  (
    set -o pipefail
    # shellcheck disable=SC2016
    "$@" 2>&1 </dev/null | as_user sh -c 'exec cat >"$1"' - "$log"
  ) &
  STEP=$!
  set +m
  while kill -0 "$STEP" 2>/dev/null; do
    sleep 0.1
    ((SECONDS > shown)) || continue
    shown=$SECONDS
    if [[ -t 1 ]]; then
      printf '\r  %s … %s s ' "$label" "$((SECONDS - began))"
    elif (((SECONDS - began) % 60 == 0)); then
      printf '  %s … %s s ' "$label" "$((SECONDS - began))"
    else
      continue
    fi
    # How far ninja is: "[12/345]".
    as_user tail -c 2000 "$log" 2>/dev/null | grep -ao '^\[[0-9]*/[0-9]*\]' | tail -n 1 | tr -d '\n' || true
    [[ -t 1 ]] || say ""
  done
  local code=0
  wait "$STEP" || code=$?
  STEP=
  [[ -t 1 ]] && printf '\r\033[K'
  if ((code == 0)); then
    printf '  %-46s %8s s\n' "$label" "$(seconds_since "$start")"
    return
  fi
  printf '  %-46s failed after %s s. The end of %s:\n\n' "$label" "$(seconds_since "$start")" "$log" >&2
  as_user tail -n 25 "$log" | sed 's/^/    /' >&2
  if as_user grep -qaE 'No space left on device|ディスクに空き' "$log"; then
    die "The disk is full: free some space, then run the same command again." \
      "ディスクに空きがありません。空きを作ってから、同じコマンドをもう一度実行してください。"
  fi
  if as_user grep -qa 'Use the newer binary' "$log"; then
    die "The data was made by a newer Kubari; use that version." "データは新しい版の Kubari のものです。その版を使ってください。"
  fi
  die "'$label' failed; the whole output is in $log." "「$label」に失敗しました。出力は $log にあります。"
}

# Ends the step under way, if any, with all its processes.
end_step() {
  [[ -z $STEP ]] || kill -TERM -- "-$STEP" 2>/dev/null || true
  STEP=
}

# free_disk FOLDER MEBIBYTES: ends the script if the file system has less free.
free_disk() {
  local free
  free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
  ((free >= $2)) && return
  die "$1 has only $free MiB free; at least $2 MiB are needed." "$1 の空きは $free MiB だけです。$2 MiB 以上が必要です。"
}

# How many compilers run at once: one per core, and 1.5 GiB of memory for each.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1572864) }' /proc/meminfo)
  ((memory < 1)) && memory=1
  echo $((cores < memory ? cores : memory))
}
