#!/bin/bash
# HTTPS for phones, without the services: certificate, nginx and gateway as ops/up --lan puts them together, asked by curl and openssl as a
# phone would. Argument: the folder with kubari-gateway.
# shellcheck disable=SC2034
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(realpath "$1")
for part in common data_folder supervise lan; do
  # shellcheck source=/dev/null
  . "$here/../lib/$part.sh"
done
for program in /usr/sbin/nginx curl openssl qrencode; do
  command -v "$program" >/dev/null || { echo "$program is missing; ops/packages-lan.txt names its package."; exit 1; }
done

DATA=$(mktemp -d)
gateway='' nginx=''
finish() {
  [[ -z $nginx ]] || { kill "$nginx" 2>/dev/null; wait "$nginx" 2>/dev/null || true; }
  [[ -z $gateway ]] || { kill "$gateway" 2>/dev/null; wait "$gateway" 2>/dev/null || true; }
  rm -rf "$DATA"
}
trap finish EXIT
failures=0
expect() {  # WHAT EXPECTED ACTUAL
  if [[ $2 != "$3" ]]; then
    printf 'FAILED %s\n  expected: %s\n  actual:   %s\n' "$1" "$2" "$3" >&2
    failures=$((failures + 1))
  fi
}
has() { if grep -qiE -- "$1"; then echo yes; else echo no; fi; }

mkdir -p "$DATA/secrets" "$DATA/web/assets"
echo '<!doctype html><title>app</title>' >"$DATA/web/index.html"
openssl rand -hex 32 >"$DATA/secrets/service-key"
LAN=yes LAN_NAME='' TLS_CERTIFICATE='' TLS_KEY=''

# Three ports next to another that nobody has: gateway, its metrics, and seven further on HTTPS.
PORT=$(node -e '
  const net = require("net");
  const free = (port) => new Promise((done) => {
    const server = net.createServer().once("error", () => done(false)).listen(port, () => server.close(() => done(true)));
  });
  (async () => {
    for (;;) {
      const port = 20000 + Math.floor(Math.random() * 12000);
      if ((await free(port)) && (await free(port + 7)) && (await free(port + 100))) return console.log(port);
    }
  })()')
LAN_HOST=127.0.0.1 URL=https://127.0.0.1:$((PORT + 7))

# The certificate: for every address of this machine, made once, made anew when addresses change.
write_lan
expect "the first certificate" changed "$LAN_CHANGED"
first=$(openssl x509 -in "$DATA/secrets/lan.pem" -noout -serial)
authority=$(authority_fingerprint)
write_lan
expect "nothing to renew" "" "$LAN_CHANGED"
expect "address" yes "$(certificate_names "$DATA/secrets/lan.pem" | has "^$(lan_address)$")"
expect "keys are nobody's business" "600 600" "$(stat -c %a "$DATA/secrets/lan.pem" "$DATA/secrets/lan-ca.key" | paste -sd ' ')"
openssl verify -x509_strict -CAfile "$DATA/lan/ca.crt" "$DATA/secrets/lan.pem" >/dev/null || expect verified yes no

# Whoever steals the authority's key still cannot speak for a site of the internet.
forge() {  # SUBJECT_ALT_NAME: does the authority's signature on it count?
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=forged -keyout "$DATA/k" -out "$DATA/r" 2>/dev/null
  openssl x509 -req -in "$DATA/r" -CA "$DATA/lan/ca.crt" -CAkey "$DATA/secrets/lan-ca.key" -set_serial 7 -days 30 \
    -extfile <(echo "subjectAltName=$1") -out "$DATA/c" 2>/dev/null
  openssl verify -CAfile "$DATA/lan/ca.crt" "$DATA/c" >/dev/null 2>&1 && echo counts || echo refused
}
expect "a bank" refused "$(forge DNS:bank.example.com)"
expect "an address of the internet" refused "$(forge IP:203.0.113.9)"
expect "an address of IPv6" refused "$(forge IP:2001:db8::1)"
expect "this network" counts "$(forge DNS:another.local,IP:192.168.77.7)"

(cd "$DATA" && exec env KUBARI_LISTEN="127.0.0.1:$PORT" KUBARI_METRICS_LISTEN="127.0.0.1:$((PORT + 100))" KUBARI_SERVICE_KEY_FILE=secrets/service-key \
  KUBARI_WEB_ROOT=web KUBARI_SECURE=true KUBARI_TRUSTED_PROXY=127.0.0.1 "$bin/kubari-gateway") >"$DATA/gateway.log" 2>&1 &
gateway=$!
plain=http://127.0.0.1:$((PORT + 7))
ask() { curl -sS -m 10 --noproxy '*' "$@"; }
# until COMMAND…: ten seconds at most.
until_true() {
  local try
  for ((try = 0; try < 100; try++)); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  cat "$DATA"/*.log
  echo "It does not come to: $*" >&2
  exit 1
}
until_true ask -f "http://127.0.0.1:$PORT/healthz"
# ops/up never runs it as root, under whom its workers would be nobody.
as_root=()
[[ $EUID != 0 ]] || as_root=(-g 'user root;')
/usr/sbin/nginx -p "$DATA/lan/" -c nginx.conf -e stderr "${as_root[@]}" 2>"$DATA/nginx.log" &
nginx=$!
until_true ask -f --cacert "$DATA/lan/ca.crt" "$URL/healthz"

# The app, by HTTP/2, for those who trust the authority and nobody else.
answer=$(ask --cacert "$DATA/lan/ca.crt" -i "$URL/")
expect "HTTP/2" yes "$(has '^HTTP/2 200' <<<"$answer")"
expect "the app" yes "$(has '<title>app' <<<"$answer")"
expect "HSTS" yes "$(has '^strict-transport-security: max-age=31536000' <<<"$answer")"
expect "no version is told" no "$(has '^server: nginx/' <<<"$answer")"
expect "a stranger" 60 "$(ask -o /dev/null "$URL/" 2>/dev/null; echo $?)"
expect "an old protocol" 35 "$(ask --cacert "$DATA/lan/ca.crt" --tls-max 1.1 -o /dev/null "$URL/" 2>/dev/null; echo $?)"
# The gateway sees the phone's address, not what the phone says of itself, and the page's own host.
ask --cacert "$DATA/lan/ca.crt" -o /dev/null -H 'X-Forwarded-For: 203.0.113.9' "$URL/healthz?seen" || true
expect "nobody chooses an address" no "$(has '203\.0\.113\.9' <"$DATA/gateway.log")"
# A page of another origin may not use the cookie; our own may (its session is then asked for, and not found).
cookie_call() {
  ask --cacert "$DATA/lan/ca.crt" -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -H 'Connect-Protocol-Version: 1' \
    -H 'Cookie: __Host-kubari=x' -H "Origin: $1" -d '{}' "$URL/kubari.identity.v1.IdentityService/ListPeople"
}
expect "another origin" 403 "$(cookie_call https://elsewhere.example)"
expect "the same origin" no "$(cookie_call "$URL" | has '^403')"

# The page on plain HTTP may ask whether it is trusted, and learns nothing else.
answer=$(ask --cacert "$DATA/lan/ca.crt" -i "$URL/lan/trusted")
expect "trusted" yes "$(has '^HTTP/2 204' <<<"$answer")"
expect "for other origins to see" no "$(has '^cross-origin-resource-policy' <<<"$answer")"
# Plain HTTP on the same port: how to trust it, and the authority itself.
answer=$(ask -i "$plain/")
expect "a page to begin with" yes "$(has '^HTTP/1.1 200' <<<"$answer")"
for text in kubari-ca.crt "href=\"$URL\"" "$authority" 証明書信頼設定 'Certificate Trust Settings'; do
  expect "the page says $text" yes "$(has "$text" <<<"$answer")"
done
expect "the authority" "$(cat "$DATA/lan/ca.crt")" "$(ask "$plain/kubari-ca.crt")"
expect "its type" application/x-x509-ca-cert "$(ask -o /dev/null -w '%{content_type}' "$plain/kubari-ca.crt")"
expect "nothing else of the folder" yes "$(ask --path-as-is "$plain/../../secrets/lan-ca.key" | has '<h1>|400 Bad')"
expect "no call in the clear" 405 "$(ask -o /dev/null -w '%{http_code}' -d '{}' "$plain/kubari.identity.v1.IdentityService/SignIn")"

# nginx with its new settings alone: for a moment the old workers still take connections beside the new ones.
reload() {
  local old
  mapfile -t -d ' ' old <"/proc/$nginx/task/$nginx/children"
  kill -HUP "$nginx"
  old_are_gone() { ! kill -0 "${old[@]}"; }
  until_true old_are_gone
}
# Another address, or the certificate's end: a new one of the same authority, and nobody's connection is cut for it.
sed -i '/^IP:127/d' "$DATA/lan/names"
write_lan
expect "a new certificate" changed "$LAN_CHANGED"
reload
serial() { openssl s_client -connect "127.0.0.1:$((PORT + 7))" </dev/null 2>/dev/null | openssl x509 -noout -serial; }
served() { [[ $(serial) == "$(openssl x509 -in "$DATA/secrets/lan.pem" -noout -serial)" ]]; }
until_true served
expect "not the first" no "$(serial | has "$first")"
expect "the phones' trust holds" 0 "$(ask --cacert "$DATA/lan/ca.crt" -o /dev/null "$URL/healthz"; echo $?)"
expect "of the same authority" "$authority" "$(authority_fingerprint)"

# A certificate of one's own: judged before it is taken, and no page in between.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=x -addext subjectAltName=DNS:kubari.example.org \
  -keyout "$DATA/own.key" -out "$DATA/own.crt" 2>/dev/null
expect "a good one" "" "$(own_certificate_problem "$DATA/own.crt" "$DATA/own.key")"
expect "another key" yes "$(own_certificate_problem "$DATA/own.crt" "$DATA/secrets/lan-ca.key" | has 'is not the key')"
expect "no key" yes "$(own_certificate_problem "$DATA/own.crt" "$DATA/own.crt" | has 'no private key')"
expect "no file" yes "$(own_certificate_problem "$DATA/nothing" "$DATA/own.key" | has 'cannot be read')"
TLS_CERTIFICATE=$DATA/own.crt TLS_KEY=$DATA/own.key
choose_lan_host
expect "its name" kubari.example.org "$LAN_HOST"
expect "a name it lacks" 1 "$( (LAN_NAME=other.example.org; choose_lan_host) >/dev/null 2>&1; echo $?)"
URL=https://$LAN_HOST:$((PORT + 7))
write_lan
expect "taken over" changed "$LAN_CHANGED"
expect "where phones begin" "$URL/" "$(phone_link)"
reload
until_true served
expect "plain HTTP leads on" "308 https://127.0.0.1:$((PORT + 7))/x?y" "$(ask -o /dev/null -w '%{http_code} %{redirect_url}' "$plain/x?y")"
expect "served" 0 "$(ask --cacert "$DATA/own.crt" --resolve "$LAN_HOST:$((PORT + 7)):127.0.0.1" -o /dev/null "$URL/healthz"; echo $?)"
TLS_CERTIFICATE='' TLS_KEY='' LAN_HOST=127.0.0.1 URL=https://127.0.0.1:$((PORT + 7))
write_lan
expect "back to this installation's own" changed "$LAN_CHANGED"

expect "nginx has nothing to complain of" "" "$(grep -vE 'signal|gracefully|exit' "$DATA/nginx.log" | grep -E 'warn|error|crit|emerg' || true)"
((failures == 0)) || { cat "$DATA/gateway.log" "$DATA/nginx.log" | tail -n 40; exit 1; }
echo "All held."
