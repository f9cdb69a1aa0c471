# Supervision by s6: one service folder each for PostgreSQL, the services and the gateway, with --lan also nginx and its certificate,
# with a log process beside it. What ends is started again, after a pause if it failed. Sourced.
# shellcheck shell=bash

scan_folder() { echo "$DATA/run/service"; }

# Prints the supervisor's process id if it runs; a file left behind by a crash does not count.
supervisor_pid() {
  local pid
  pid=$(as_user cat "$DATA/run/supervisor.pid" 2>/dev/null) || return 1
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == s6-svscan && $(as_user readlink "/proc/$pid/cwd" 2>/dev/null) == "$(scan_folder)" ]] || return 1
  echo "$pid"
}

# Kept in run/state while everything is meant to run: port, listen, pid of a foreground ops/up.
state() { as_user sed -n "s/^$1=//p" "$DATA/run/state" 2>/dev/null; }

# service_folder NAME SIGNAL_TO_END <<script: written, not yet started. Paths in scripts are relative to the service folder, so that the
# data folder may have any name.
service_folder() {
  local folder
  folder=$(scan_folder)/$1
  as_user mkdir -p "$folder/log"
  as_user touch "$folder/down"
  echo "$2" | write_file "$folder/down-signal"
  write_file "$folder/run"
  write_file "$folder/finish" <<'SCRIPT'
#!/bin/sh
# Ended well or by our signal: no pause.
[ "$1" = 0 ] || [ "$1" = 256 ] || sleep 3
SCRIPT
  write_file "$folder/log/run" <<SCRIPT
#!/bin/sh
# Ten files of 5 MB.
exec s6-log -b n10 s5000000 ../../../../log/$1
SCRIPT
  as_user mkdir -p "$DATA/log/$1"
  as_user chmod 700 "$folder/run" "$folder/finish" "$folder/log/run"
}

# own_environment NAME ADDRESS: the lines of a run script that say where a process listens, where all others are, and the
# files that hold its secrets.
own_environment() {
  local port service
  port=$(port_of "$1")
  echo "export KUBARI_LISTEN=$2:$port KUBARI_METRICS_LISTEN=127.0.0.1:$((port + 100))"
  for service in "${SERVICES[@]}"; do
    [[ $service == "$1" ]] || echo "export KUBARI_${service^^}=127.0.0.1:$(port_of "$service")"
  done
  echo "export KUBARI_SERVICE_KEY_FILE=../../../secrets/service-key"
  [[ " ${ENCRYPTING[*]} " != *" $1 "* ]] || echo "export KUBARI_ENCRYPTION_KEY_FILE=../../../secrets/encryption-key-$1"
  [[ $1 != notifications ]] || echo "export KUBARI_SMTP_FILE=../../../smtp.conf"
}

write_service_folders() {
  local service
  as_user rm -rf "$(scan_folder)"
  if [[ -z ${KUBARI_DATABASE_URL:-} ]]; then
    # SIGINT is PostgreSQL's fast shutdown: open sessions are ended, nothing is lost.
    service_folder postgres INT <<SCRIPT
#!/bin/sh
exec 2>&1
exec $PG_BIN/postgres -D ../../../postgres/data
SCRIPT
  fi
  for service in "${SERVICES[@]}"; do
    service_folder "$service" TERM <<SCRIPT
#!/bin/sh
exec 2>&1
$(own_environment "$service" 127.0.0.1)
export KUBARI_DATABASE_URL_FILE=../../../secrets/$service.conninfo KUBARI_PUBLIC_URL=$URL
exec ../../../app/bin/kubari-$service
SCRIPT
  done
  service_folder gateway TERM <<SCRIPT
#!/bin/sh
exec 2>&1
$(own_environment gateway "$LISTEN")
export KUBARI_WEB_ROOT=../../../app/web${LAN:+ KUBARI_SECURE=true KUBARI_TRUSTED_PROXY=127.0.0.1}
exec ../../../app/bin/kubari-gateway
SCRIPT
}

# Starts the supervisor in a session of its own: Ctrl-C at the terminal is for ops/up, which then stops things in order.
start_supervisor() {
  local try
  as_user rm -f "$DATA/run/supervisor.pid"
  # A clean environment: no process inherits KUBARI_DATABASE_URL or anything else of the caller's. Descriptor 9 is ops/up's lock.
  # shellcheck disable=SC2016
  as_user setsid -f env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 sh -c '
    umask 077
    echo $$ >"$1/run/supervisor.pid"
    exec s6-svscan "$1/run/service" </dev/null >>"$1/log/supervisor.log" 2>&1' - "$DATA" 9>&-
  for ((try = 0; try < 100; try++)); do
    if supervisor_pid >/dev/null && all_supervised; then return; fi
    sleep 0.05
  done
  die "The supervisor did not start; see $DATA/log/supervisor.log." "監視プロセスが起動しません。$DATA/log/supervisor.log を見てください。"
}

all_supervised() {
  local folder
  for folder in "$(scan_folder)"/*/; do
    # s6-supervise's own file tells that it reads commands; before that they would be lost.
    as_user s6-svok "$folder" 2>/dev/null || return 1
  done
}

# start_services NAME…
start_services() {
  local name
  for name in "$@"; do as_user s6-svc -u "$(scan_folder)/$name"; done
}

# Ends the script if a process ended three times since it was started, with the end of its log.
fail_if_crashing() {
  local name deaths
  for name in "$@"; do
    deaths=$(as_user s6-svdt "$(scan_folder)/$name" 2>/dev/null | wc -l)
    ((deaths < 3)) || fail_service "$name"
  done
}

fail_service() {
  local log=$DATA/log/$1/current
  printf '\n  %s does not stay up. The end of %s:\n\n' "$1" "$log" >&2
  as_user tail -n 15 "$log" 2>/dev/null | cut -c 1-400 | sed 's/^/    /' >&2
  if as_user tail -n 200 "$log" 2>/dev/null | grep -q 'No space left on device'; then
    die "The disk of $DATA is full: free some space, then run ops/up again." "$DATA のディスクに空きがありません。空きを作ってから ops/up をもう一度実行してください。"
  fi
  die "$1 does not stay up; its log is $log." "$1 が起動し続けません。ログは $log です。"
}

# Waits until the gateway says that it and everything behind it can be reached.
wait_until_healthy() {
  local try name
  for ((try = 0; try < 600; try++)); do
    curl -fsS -m 5 -o /dev/null "$URL_HERE/readyz" 2>/dev/null && return
    ((try % 20 == 19)) && fail_if_crashing "${SERVICES[@]}" gateway ${LAN:+lan}
    sleep 0.1
  done
  for name in "${SERVICES[@]}" gateway; do
    [[ $(as_user s6-svstat -o up "$(scan_folder)/$name") == true ]] || fail_service "$name"
  done
  die "The gateway does not become healthy: $(curl -sS -m 5 "$URL_HERE/readyz" 2>&1 | head -c 500)" \
    "ゲートウェイが正常になりません: $(curl -sS -m 5 "$URL_HERE/readyz" 2>&1 | head -c 500)"
}

# stop_services MILLISECONDS NAME…: asks all of them to end, waits, and kills what has not ended by then.
stop_services() {
  local limit=$1 name folders=()
  shift
  for name in "$@"; do
    as_user s6-svok "$(scan_folder)/$name" 2>/dev/null && folders+=("$(scan_folder)/$name")
  done
  ((${#folders[@]} > 0)) || return 0
  for name in "${folders[@]}"; do as_user s6-svc -d "$name"; done
  as_user s6-svwait -a -D -t "$limit" "${folders[@]}" 2>/dev/null && return
  for name in "${folders[@]}"; do as_user s6-svc -k "$name"; done
  as_user s6-svwait -a -D -t 5000 "${folders[@]}" 2>/dev/null || true
}

# Processes of this data folder by what they are, not by number: the user's, with one of our programs' names, at work in the folder.
own_processes() {
  local process name
  # shellcheck disable=SC2016
  as_user sh -c '
    for process in /proc/[0-9]*; do
      where=$(readlink "$process/cwd" 2>/dev/null) || continue
      case "$where/" in "$1/run/service/"* | "$1/postgres/data/"*) echo "${process#/proc/} $(cat "$process/comm" 2>/dev/null)" ;; esac
    done' - "$DATA" | while read -r process name; do
    case "$name" in s6-svscan | s6-supervise | s6-log | kubari-* | postgres | nginx | certificate | sleep) echo "$process" ;; esac
  done
}

# The edge first, so that nothing new comes in; the database last. Also cleans up after a supervisor that was killed.
stop_all() {
  local try pid left=()
  stop_services 15000 lan certificate
  stop_services 15000 gateway
  stop_services 15000 "${SERVICES[@]}"
  stop_services 60000 postgres
  if pid=$(supervisor_pid); then
    as_user s6-svscanctl -t "$(scan_folder)" 2>/dev/null || true
    for ((try = 0; try < 100; try++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  fi
  as_user rm -f "$DATA/run/state" "$DATA/run/supervisor.pid"
  as_user rmdir "$(socket_folder)" 2>/dev/null || true
  for ((try = 0; try < 100; try++)); do
    mapfile -t left < <(own_processes)
    ((${#left[@]} > 0)) || return 0
    # What a killed supervisor left behind: politely at first, PostgreSQL in its own way.
    if ((try == 20)); then as_user kill -INT "${left[@]}" 2>/dev/null || true; fi
    if ((try == 30)); then as_user kill -TERM "${left[@]}" 2>/dev/null || true; fi
    if ((try == 90)); then as_user kill -KILL "${left[@]}" 2>/dev/null || true; fi
    sleep 0.1
  done
}
