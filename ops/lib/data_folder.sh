# The data folder: whose it is, what lies in it. Sourced.
#   format      number of this layout           secrets/   keys and passwords, 0600
#   postgres/   cluster, configuration, socket  app/       the programs and web app that run
#   log/        one folder a process            run/       supervision; made anew at every start
#   example/    the example network's tables    demo-done  the demo was played
#   smtp.conf   how e-mail leaves; the operator's to fill in
# shellcheck shell=bash

default_data_folder() {
  if [[ $EUID == 0 ]]; then echo /var/lib/kubari; else echo "${XDG_DATA_HOME:-$HOME/.local/share}/kubari"; fi
}

# no_permission PATH ENGLISH JAPANESE
no_permission() { die "No permission on $1: $2" "$1 に対する権限がありません。$3"; }

# As one word of a command to be copied.
quoted() { if [[ $1 =~ ^[[:alnum:]_./-]+$ ]]; then echo "$1"; else echo "${1@Q}"; fi; }

# Where PostgreSQL's socket lies. Its path has at most 107 bytes, of which the file's own name takes up to 19; a long data folder gets
# a private folder under /tmp instead.
socket_folder() {
  local folder=$DATA/postgres/socket
  if (($(LC_ALL=C; echo ${#folder}) > 85)); then
    folder=/tmp/kubari-$(printf %s "$DATA" | sha256sum | cut -c 1-16)
  fi
  echo "$folder"
}

# Sets SERVICE_USER: the caller, or the system user `kubari` if that is root (PostgreSQL refuses to run as root, rightly).
choose_user() {
  SERVICE_USER=$(id -un)
  [[ $EUID == 0 ]] || return 0
  SERVICE_USER=kubari
  getent passwd kubari >/dev/null ||
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin kubari
}

# Finds or makes $DATA, owned by SERVICE_USER, and refuses a folder that is something else.
open_data_folder() {
  local owner format
  if [[ ! -e $DATA ]]; then
    mkdir -p "$DATA" 2>/dev/null ||
      no_permission "$DATA" "the folder cannot be made; choose another with --data DIR." "作成できません。--data DIR で別の場所を選んでください。"
    chmod 700 "$DATA"
    [[ $EUID != 0 ]] || chown "$SERVICE_USER:" "$DATA"
  fi
  [[ -d $DATA ]] || die "$DATA is not a folder." "$DATA はフォルダーではありません。"
  if [[ $EUID == 0 && -z $(ls -A "$DATA") ]]; then
    chown "$SERVICE_USER:" "$DATA" && chmod 700 "$DATA"
  fi
  owner=$(stat -c %U "$DATA")
  [[ $owner == "$SERVICE_USER" ]] || no_permission "$DATA" "it belongs to $owner, not to $SERVICE_USER; choose another with --data DIR." \
    "$owner のもので、$SERVICE_USER のものではありません。--data DIR で別の場所を選んでください。"
  as_user test -w "$DATA" -a -x "$DATA" ||
    no_permission "$DATA" "user $SERVICE_USER cannot reach or write it; choose another with --data DIR." \
      "ユーザー $SERVICE_USER が読み書きできません。--data DIR で別の場所を選んでください。"
  free_disk "$DATA" 1024
  format=$(as_user cat "$DATA/format" 2>/dev/null) || format=
  if [[ -z $format ]]; then
    [[ -z $(as_user ls -A "$DATA") ]] || die "$DATA is not empty and is no data folder of Kubari; choose another with --data DIR." \
      "$DATA は空ではなく、Kubari のデータフォルダーでもありません。--data DIR で別の場所を選んでください。"
    echo "$DATA_FORMAT" | write_file "$DATA/format"
  elif [[ ! $format =~ ^[0-9]+$ ]] || ((format > DATA_FORMAT)); then
    die "$DATA was made by a newer Kubari (layout $format; this one knows $DATA_FORMAT); use that version." \
      "$DATA は新しい版の Kubari のものです（形式 $format、この版は $DATA_FORMAT まで）。新しい版を使ってください。"
  fi
  as_user mkdir -p -m 700 "$DATA/secrets" "$DATA/log" "$DATA/run" "$DATA/postgres"
}

# Random, made once: the services' shared key, one password for each database role, the keys of what is kept encrypted.
make_secrets() {
  local name
  for name in service-key password-owner "${SERVICES[@]/#/password-}" "${ENCRYPTING[@]/#/encryption-key-}"; do
    as_user test -s "$DATA/secrets/$name" || od -An -N32 -v -tx1 /dev/urandom | tr -d ' \n' | write_file "$DATA/secrets/$name"
  done
}

# The file that an operator fills in so that e-mail leaves; the service reads it again when it has changed.
make_smtp_settings() {
  as_user test -e "$DATA/smtp.conf" || write_file "$DATA/smtp.conf" <"$ROOT/ops/lib/smtp.conf"
}

secret() { as_user cat "$DATA/secrets/$1"; }

# What runs comes from the data folder, not from the source tree: the service user need not be able to read that, and a rebuild does
# not touch what is running.
install_app() {
  local names=(kubari kubari-gateway "${SERVICES[@]/#/kubari-}")
  as_user rm -rf "$DATA/app.new"
  as_user mkdir -p "$DATA/app.new/bin" "$DATA/app.new/web"
  tar -C "$BUILD/bin" -cf - "${names[@]}" | as_user tar -C "$DATA/app.new/bin" -xf -
  tar -C "$WEB/dist" -cf - . | as_user tar -C "$DATA/app.new/web" -xf - --no-same-permissions
  as_user rm -rf "$DATA/app"
  as_user mv "$DATA/app.new" "$DATA/app"
}
