#!/bin/bash
# Judges what the scripts of ops decide by themselves; starting and stopping is the end-to-end tests' business.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ./common.sh
. ./data_folder.sh
. ./install.sh
. ./postgres.sh
. ./ports.sh

failures=0
expect() {  # WHAT EXPECTED ACTUAL
  if [[ $2 != "$3" ]]; then
    printf 'FAILED %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3" >&2
    failures=$((failures + 1))
  fi
}

# The services' conninfo is for their own role, and nothing of the administrator's remains.
expect "a URL" "postgresql://kubari_stock:pw@db:5433/kubari?sslmode=require" \
  "$(conninfo_for 'postgres://boss:geheim@db:5433/postgres?user=x&sslmode=require&password=y' kubari_stock pw)"
expect "a URL without database" "postgresql://kubari_stock:pw@db/kubari" "$(conninfo_for postgresql://db kubari_stock pw)"
expect "several hosts" "postgresql://kubari_stock:pw@a:1,b:2/kubari?target_session_attrs=rw" \
  "$(conninfo_for 'postgresql://boss@a:1,b:2/x?target_session_attrs=rw' kubari_stock pw)"
expect "keywords" "host=db user=kubari_stock password=pw dbname=kubari" \
  "$(conninfo_for "host=db user = boss password='a \\' b' dbname=x" kubari_stock pw | tr -s ' ')"
expect "a folder with quotes" "'/a b/\\'c\\\\'" "$(quoted_conninfo "/a b/'c\\")"

# The administrator's password leaves the conninfo that psql's command line shows.
admin() { KUBARI_DATABASE_URL=$1; read_admin_conninfo; printf '%s|%s' "$(tr -s ' ' <<<"$ADMIN_CONNINFO")" "$ADMIN_PASSWORD"; }
expect "password in a URL" "postgresql://boss@db/x?a=b|p@s:/%" "$(admin 'postgresql://boss:p%40s%3A%2F%25@db/x?a=b')"
expect "no password in a URL" "postgresql://boss@db/x|" "$(admin postgresql://boss@db/x)"
expect "password among keywords" "host=db user=boss|it's \\" "$(admin "host=db password='it\\'s \\\\' user=boss")"

# A socket's path must stay short.
DATA=/tmp/short
expect "a short folder" /tmp/short/postgres/socket "$(socket_folder)"
DATA=/tmp/$(printf 'あ%.0s' {1..30})
expect "a long folder" 28 "$(socket_folder | tr -d '\n' | wc -c)"

# Packages are told apart by dpkg's own word.
list=$(mktemp)
printf '# a comment\n\nbash\nno-such-package-kubari\n' >"$list"
expect "missing packages" no-such-package-kubari "$(missing_packages "$list")"
rm "$list"

# A port that listens is seen, with its owner.
exec {ports}< <(exec node -e '
  const server = require("net").createServer().listen(0, "127.0.0.1", () => console.log(server.address().port));
  setTimeout(() => process.exit(), 20000)')
server=$!
read -r port <&"$ports"
inode=$(port_inodes "$port")
expect "the port's owner" "node, process $server" "$(socket_owner "$inode")"
expect "its sentence" 1 "$( (ports_are_free "$port") >/dev/null 2>&1; echo $?)"
kill "$server"

# The example's tables: every date is resolved, on the last of January as well, and the same day gives the same files.
folder=$(mktemp -d)
node ../example/generate.mjs "$folder/a" 2027-01-31
node ../example/generate.mjs "$folder/b" 2027-01-31
expect "the same twice" "" "$(diff -r "$folder/a" "$folder/b")"
# Donors come in Shift_JIS, where a brace may be half of a letter; products in a workbook that is packed, not compressed.
expect "no brace is left" "" "$(grep -arl --exclude donors.csv '[{}]' "$folder/a" || iconv -f CP932 -t UTF-8 "$folder/a/donors.csv" | grep '[{}]' || true)"
expect "nine months from January" "O001,D001,規格変更にともなう小麦粉,2027-01-31,(01)19520001000109(15)271000(10)AN2407" \
  "$(sed -n 2p "$folder/a/offers.csv" | cut -d , -f 1-5)"
for table in donors:31 groups:101 offers:41 warehouses:4; do
  expect "rows of ${table%:*}" yes "$( (($(wc -l <"$folder/a/${table%:*}.csv") >= ${table#*:})) && echo yes)"
done
expect "rows of products" yes "$( (($(grep -ao '<row>' "$folder/a/products.xlsx" | wc -l) >= 41)) && echo yes)"
expect "donors as Windows writes them" yes "$(iconv -f CP932 -t UTF-8 "$folder/a/donors.csv" | grep -q 'あおなみ製粉' && echo yes)"
rm -r "$folder"

if command -v shellcheck >/dev/null; then
  shellcheck -x ../up ../down ../test ./*.sh ../lan/certificate ../lan/lan_test.sh ../../.ci/run || failures=$((failures + 1))
fi
((failures == 0)) || exit 1
echo "All held."
