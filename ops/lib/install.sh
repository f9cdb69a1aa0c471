# Debian packages and Node. Sourced.
# shellcheck shell=bash

# The packages named in the given lists that dpkg does not know as installed.
missing_packages() {
  local package
  sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@" | while read -r package; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

# Any node ≥ 18 with npm serves as it is; else Debian's is needed.
node_serves() {
  command -v npm >/dev/null && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' 2>/dev/null
}

apt_install() {
  local drop_in=/etc/postgresql-common/createcluster.d/kubari-no-main-cluster.conf made=
  local mask=/etc/systemd/system/nginx.service masked=
  # Debian makes and starts a cluster of its own when the server package comes, on port 5432 and at every boot; only the programs are
  # wanted here. A drop-in that is gone again afterwards changes no file of Debian's and nothing for packages installed later; a
  # policy-rc.d would hold back the start of every package installed in this run, and editing createcluster.conf makes dpkg ask.
  if [[ " $* " == *" postgresql "* && ! -e $drop_in ]]; then
    "${SUDO[@]}" mkdir -p "${drop_in%/*}"
    echo 'create_main_cluster = false' | "${SUDO[@]}" tee "$drop_in" >/dev/null
    made=yes
  fi
  # Likewise nginx: Debian starts one on port 80, now and at every boot. It is masked until it is installed, then disabled.
  if [[ " $* " == *" nginx "* && ! -e $mask && ! -L $mask ]]; then
    "${SUDO[@]}" mkdir -p "${mask%/*}"
    "${SUDO[@]}" ln -s /dev/null "$mask"
    masked=yes
  fi
  local code=0
  "${SUDO[@]}" apt-get update || code=$?
  # An unreachable extra source need not matter; the installation tells.
  "${SUDO[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" && code=0 || code=$?
  if [[ -n $made ]]; then
    "${SUDO[@]}" rm -f "$drop_in"
    "${SUDO[@]}" rmdir --ignore-fail-on-non-empty "${drop_in%/*}"
  fi
  if [[ -n $masked ]]; then
    "${SUDO[@]}" rm -f "$mask"
    # Enabling first makes Debian remember that it was disabled by hand, at its upgrades too.
    "${SUDO[@]}" env DPKG_MAINTSCRIPT_PACKAGE=nginx-common sh -c 'deb-systemd-helper enable nginx.service; deb-systemd-helper disable nginx.service; update-rc.d nginx disable' || true
    [[ ! -d /run/systemd/system ]] || "${SUDO[@]}" systemctl daemon-reload || true
  fi
  return "$code"
}

# install_missing LOG LIST…: one apt-get run, and only if something is missing.
install_missing() {
  local log=$1 missing=()
  shift
  command -v dpkg-query >/dev/null || die "This is not a Debian system; install by hand what $* name." \
    "Debian ではないため、$* にあるものを手で入れてください。"
  mapfile -t missing < <(missing_packages "$@")
  node_serves || missing+=(nodejs npm)
  if ((${#missing[@]} > 0)); then
    SUDO=()
    if [[ $EUID != 0 ]]; then
      # Asked for in front, where a password can be typed.
      { command -v sudo >/dev/null && sudo -v; } || die \
        "Packages are missing and need root: apt-get install ${missing[*]}" \
        "不足しているパッケージの導入には root 権限が必要です: apt-get install ${missing[*]}"
      SUDO=(sudo)
    fi
    step "install packages (${#missing[@]})" "$log" apt_install "${missing[@]}"
  fi
  # An old node of one's own may stand first in PATH.
  node_serves || PATH=/usr/bin:$PATH
  node_serves || die "node $(node --version 2>/dev/null) is too old or has no npm; 18 or newer is needed." \
    "Node.js 18 以上と npm が必要です。"
}
