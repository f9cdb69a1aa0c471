# TCP ports, read from /proc so that nothing need be installed. Sourced.
# shellcheck shell=bash

# port_of NAME: the gateway has --port, the services follow; N+7 is HTTPS for phones. Metrics are a hundred above.
# shellcheck disable=SC2153
port_of() {
  local i
  if [[ $1 == gateway ]]; then echo "$PORT"; return; fi
  for i in "${!SERVICES[@]}"; do
    if [[ ${SERVICES[i]} == "$1" ]]; then echo $((PORT + 1 + i + (i >= 6))); return; fi
  done
}

# port_inodes PORT: the socket inodes that listen on it, on any address.
port_inodes() {
  local hex
  printf -v hex '%04X' "$1"
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }'
}

# The program behind a socket, as far as we may see it: "nginx, process 812".
socket_owner() {
  local link
  link=$(find /proc/[0-9]*/fd -lname "socket:\[$1\]" -print -quit 2>/dev/null) || true
  [[ -n $link ]] || return 0
  link=${link#/proc/}
  echo "$(cat "/proc/${link%%/*}/comm" 2>/dev/null), process ${link%%/*}"
}

# Ends the script if one of the ports is taken.
ports_are_free() {
  local port inode owner
  for port in "$@"; do
    inode=$(port_inodes "$port" | head -n 1)
    [[ -n $inode ]] || continue
    owner=$(socket_owner "$inode")
    die "Port $port is in use${owner:+ by $owner}; choose others with --port N (N to N+9 and N+100 to N+109 are used, N+7 for --lan)." \
      "ポート $port は使用中です${owner:+（$owner）}。--port N で別の番号を選んでください（N〜N+9 と N+100〜N+109 を使います。N+7 は --lan 用です）。"
  done
}
