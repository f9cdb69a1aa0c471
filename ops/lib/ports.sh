# TCP ports, read from /proc so that nothing need be installed. Sourced.
# shellcheck shell=bash

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
    die "Port $port is in use${owner:+ by $owner}; choose others with --port N (N to N+6, N+100 to N+106 and for --lan N+7 are used)." \
      "ポート $port は使用中です${owner:+（$owner）}。--port N で別の番号を選んでください（N〜N+6、N+100〜N+106、--lan では N+7 を使います）。"
  done
}
