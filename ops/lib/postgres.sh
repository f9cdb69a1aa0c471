# The private PostgreSQL under the data folder, or the one named by KUBARI_DATABASE_URL. Sourced.
# shellcheck shell=bash

# Oldest PostgreSQL that Kubari works with.
OLDEST_POSTGRES=15

# Sets PG_BIN: the programs that fit the data, else the newest installed.
find_postgres() {
  local made folder newest=0 installed=()
  made=$(as_user cat "$DATA/postgres/data/PG_VERSION" 2>/dev/null) || made=
  for folder in /usr/lib/postgresql/*/bin/initdb; do
    [[ -x $folder ]] || continue
    folder=${folder%/bin/initdb}
    installed+=("${folder##*/}")
    ((${folder##*/} > newest)) && newest=${folder##*/}
  done
  if [[ -n $made && " ${installed[*]} " != *" $made "* ]]; then
    die "$DATA holds data of PostgreSQL $made, but installed is ${installed[*]:-none}: install postgresql-$made, or bring the data over with pg_dump." \
      "$DATA は PostgreSQL $made のデータですが、入っているのは ${installed[*]:-なし} です。postgresql-$made を入れるか、pg_dump で移してください。"
  fi
  PG_BIN=/usr/lib/postgresql/${made:-$newest}/bin
  ((${made:-$newest} >= OLDEST_POSTGRES)) ||
    die "PostgreSQL ${made:-$newest} is too old: Kubari needs $OLDEST_POSTGRES or newer." \
      "PostgreSQL ${made:-$newest} は古すぎます。$OLDEST_POSTGRES 以上が必要です。"
}

# Sets PG_SOCKET.
choose_socket() {
  PG_SOCKET=$(socket_folder)
  as_user mkdir -p -m 700 "$PG_SOCKET" 2>/dev/null || true
  # /tmp is everybody's: a folder that somebody else made there must not be trusted.
  if [[ -L $PG_SOCKET || $(stat -c %U:%a "$PG_SOCKET" 2>/dev/null) != "$SERVICE_USER:700" ]]; then
    die "$PG_SOCKET should be a folder of $SERVICE_USER alone; remove it or choose another --data DIR." \
      "$PG_SOCKET は $SERVICE_USER 専用のフォルダーでなければなりません。削除するか、別の --data DIR を選んでください。"
  fi
}

init_cluster() {
  as_user rm -rf "$DATA/postgres/data.new"  # of a start that was cut off
  as_user "$PG_BIN/initdb" -D "$DATA/postgres/data.new" -U postgres -A peer -E UTF8 --locale=C.UTF-8 --data-checksums
  # shellcheck disable=SC2016
  printf '%s\n' "include '../kubari.conf'" "include '../local.conf'" |
    as_user sh -c 'cat >>"$1"' - "$DATA/postgres/data.new/postgresql.conf"
  as_user mv "$DATA/postgres/data.new" "$DATA/postgres/data"
}

# Written at every start, from the machine's memory; what an operator wants otherwise goes into local.conf, which is read last.
configure_cluster() {
  local memory shared folder=${DATA//\'/\'\'}/postgres
  memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
  shared=$((memory / 8))
  ((shared > 1024)) && shared=1024
  ((shared < 64)) && shared=64
  write_file "$DATA/postgres/kubari.conf" <<CONF
# Made by ops/up at every start. Write your own settings into local.conf beside this file.
listen_addresses = ''
unix_socket_directories = '${PG_SOCKET//\'/\'\'}'
unix_socket_permissions = 0700
hba_file = '$folder/pg_hba.conf'
ident_file = '$folder/pg_ident.conf'
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = '${shared}MB'
effective_cache_size = '$((memory / 2))MB'
work_mem = '16MB'
maintenance_work_mem = '$((shared / 2))MB'
# What was acknowledged must survive a power cut.
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = on
max_wal_size = '2GB'
checkpoint_timeout = '15min'
random_page_cost = 1.1
# All statements are short; compiling them costs more than it gains.
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# To standard error, where the supervisor rotates it.
logging_collector = off
log_line_prefix = '%m [%p] %u@%d '
log_min_duration_statement = '1s'
# Statements are logged without what people wrote into them.
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_lock_waits = on
log_autovacuum_min_duration = '10s'
CONF
  as_user test -e "$DATA/postgres/local.conf" || echo "# Your own settings of PostgreSQL." | write_file "$DATA/postgres/local.conf"
  # The superuser only for whoever runs the server, by the kernel's word; everybody else by password.
  printf '%s\n' "local all postgres peer map=owner" "local all all scram-sha-256" | write_file "$DATA/postgres/pg_hba.conf"
  printf 'owner "%s" postgres\n' "$SERVICE_USER" | write_file "$DATA/postgres/pg_ident.conf"
}

# After a crash of the machine postmaster.pid may name a process that is something else by now; PostgreSQL would then refuse to start.
forget_stale_postmaster() {
  local pid
  pid=$(as_user head -n 1 "$DATA/postgres/data/postmaster.pid" 2>/dev/null) || return 0
  [[ $(as_user readlink "/proc/$pid/exe" 2>/dev/null) == */postgres && $(as_user readlink "/proc/$pid/cwd" 2>/dev/null) == "$DATA/postgres/data" ]] ||
    as_user rm -f "$DATA/postgres/data/postmaster.pid"
}

wait_for_postgres() {
  local try
  # Recovery after a crash may take minutes; a server that ends at once does not get better.
  for ((try = 0; try < 300; try++)); do
    as_user "$PG_BIN/pg_isready" -q -h "$PG_SOCKET" -d postgres && return
    fail_if_crashing postgres
    if ((try < 20)); then sleep 0.1; else sleep 1; fi
  done
  fail_service postgres
}

quoted_conninfo() { local value=${1//\\/\\\\}; printf "'%s'" "${value//\'/\\\'}"; }

# The given conninfo for another role and the database `kubari`. Neither the given user nor its password remains in it.
conninfo_for() {
  local given=$1 role=$2 password=$3 rest hosts query
  case "$given" in
    postgres://* | postgresql://*)
      rest=${given#*://}
      hosts=${rest%%[/?]*}
      query=
      [[ $rest != *\?* ]] || query=$(tr '&' '\n' <<<"${rest#*\?}" | grep -vE '^(user|password|dbname)=' | paste -sd '&' -) || true
      printf 'postgresql://%s:%s@%s/kubari%s' "$role" "$password" "${hosts##*@}" "${query:+?$query}"
      ;;
    *)
      printf "%s user=%s password=%s dbname=kubari" \
        "$(sed -E "s/(^|[[:space:]])(user|password|dbname)[[:space:]]*=[[:space:]]*('([^'\\\\]|\\\\.)*'|[^[:space:]]*)/ /g" <<<"$given")" \
        "$role" "$password"
      ;;
  esac
}

# Sets ADMIN_CONNINFO, which is shown on psql's command line and so must not hold the password, and ADMIN_PASSWORD.
read_admin_conninfo() {
  local given=${KUBARI_DATABASE_URL:-} rest login
  ADMIN_PASSWORD=
  if [[ -z $given ]]; then
    ADMIN_CONNINFO="host=$(quoted_conninfo "$PG_SOCKET") user=postgres dbname=postgres"
    return
  fi
  case "$given" in
    postgres://* | postgresql://*)
      rest=${given#*://}
      login=${rest%%[/?]*}
      ADMIN_CONNINFO=$given
      if [[ $login == *:*@* ]]; then
        login=${login%@*}
        ADMIN_PASSWORD=${login#*:}
        printf -v ADMIN_PASSWORD '%b' "${ADMIN_PASSWORD//%/\\x}"
        ADMIN_CONNINFO=postgresql://${login%%:*}@${rest#*@}
      fi
      ;;
    *)
      local form="(^|.*[[:space:]])password[[:space:]]*=[[:space:]]*('([^'\\\\]|\\\\.)*'|[^[:space:]]*)(.*)"
      ADMIN_CONNINFO=$given
      if [[ $given =~ $form ]]; then
        ADMIN_CONNINFO="${BASH_REMATCH[1]} ${BASH_REMATCH[4]}"
        ADMIN_PASSWORD=${BASH_REMATCH[2]}
        [[ $ADMIN_PASSWORD != "'"* ]] || ADMIN_PASSWORD=${ADMIN_PASSWORD:1:-1}
        ADMIN_PASSWORD=$(sed -E 's/\\(.)/\1/g' <<<"$ADMIN_PASSWORD")
      fi
      ;;
  esac
}

# Each role's own conninfo, in a file that only the service user can read.
write_conninfos() {
  local role
  for role in owner "${SERVICES[@]}"; do
    conninfo_for "${KUBARI_DATABASE_URL:-$ADMIN_CONNINFO}" "kubari_$role" "$(secret "password-$role")" | write_file "$DATA/secrets/$role.conninfo"
  done
}

# psql as the server's administrator. Passwords go by environment, which other users cannot read.
admin_psql() (
  [[ -z $ADMIN_PASSWORD ]] || export PGPASSWORD=$ADMIN_PASSWORD
  export PGCONNECT_TIMEOUT=10 PGOPTIONS="-c client_min_messages=warning"
  as_user "$PG_BIN/psql" -X -q -A -t -w -v ON_ERROR_STOP=1 -d "$ADMIN_CONNINFO" "$@"
)

# Is there a server, may we, and is it new enough?
check_server() {
  local version
  version=$(admin_psql -c 'SHOW server_version_num' 2>&1) ||
    die "The database does not answer: $(head -n 1 <<<"$version")" "データベースに接続できません: $(head -n 1 <<<"$version")"
  ((version >= OLDEST_POSTGRES * 10000)) ||
    die "The database server is PostgreSQL $((version / 10000)); Kubari needs $OLDEST_POSTGRES or newer." \
      "データベースは PostgreSQL $((version / 10000)) です。$OLDEST_POSTGRES 以上が必要です。"
}

make_roles() (
  local role
  for role in owner "${SERVICES[@]}"; do
    export "KUBARI_PASSWORD_${role^^}=$(secret "password-$role")"
  done
  admin_psql -f - <"$ROOT/ops/postgres/roles.sql"
)

# Each service brings its own schema up to date, as the owner.
migrate() {
  local service
  for service in "${SERVICES[@]}"; do
    # shellcheck disable=SC2016
    as_user sh -c 'KUBARI_MIGRATION_DATABASE_URL_FILE="$1/secrets/owner.conninfo" exec "$1/app/bin/kubari-$2" --migrate' - "$DATA" "$service"
  done
}
