# ops/up --lan: phones in the same network reach this machine by HTTPS. nginx ends TLS on one port and speaks to the gateway, which stays
# on 127.0.0.1. Plain HTTP on that same port leads a phone to the page where it learns to trust this installation. Sourced.
#   lan/            certificates, nginx.conf, the page; lan/certificate is a copy of ops/lan/certificate, which tells the files
#   secrets/        lan-ca.key, lan.pem
# shellcheck shell=bash disable=SC2034,SC2153

# The address by which other machines reach this one: that of the default route, else the first there is.
lan_address() {
  local address
  # Nothing is sent; the kernel only tells which way a packet would take.
  address=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
  [[ -n $address && $address != 127.* ]] || address=$(hostname -I | tr ' ' '\n' | grep -m 1 -E '^[0-9]+\.[0-9.]+$') || true
  [[ -n $address ]] || die "This machine has no network address; connect it first." "このコンピューターはネットワークにつながっていません。"
  echo "$address"
}

# certificate_names PEM: what a certificate is for, one a line.
certificate_names() {
  openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null | sed '1d; s/, /\n/g' | sed -n 's/^ *DNS://p; s/^ *IP Address://p'
}

# Judges --tls-certificate and --tls-key: do they belong together, are they still good? Prints nothing if so.
own_certificate_problem() {
  local certificate=$1 key=$2
  [[ -r $certificate ]] || { echo "$certificate cannot be read|$certificate を読めません"; return; }
  [[ -r $key ]] || { echo "$key cannot be read|$key を読めません"; return; }
  if ! openssl x509 -in "$certificate" -noout 2>/dev/null; then
    echo "$certificate is no certificate in PEM form|$certificate は PEM 形式の証明書ではありません"
  elif ! openssl pkey -in "$key" -passin pass: -noout 2>/dev/null; then
    echo "$key is no private key in PEM form without a password|$key はパスワードなしの PEM 形式の秘密鍵ではありません"
  elif [[ $(openssl x509 -in "$certificate" -noout -pubkey) != "$(openssl pkey -in "$key" -passin pass: -pubout)" ]]; then
    echo "$key is not the key of $certificate|$key は $certificate の鍵ではありません"
  elif ! openssl x509 -in "$certificate" -noout -checkend 0 >/dev/null; then
    echo "$certificate has ended ($(openssl x509 -in "$certificate" -noout -enddate))|$certificate は期限切れです"
  fi
}

# Sets LAN_HOST: --name, else the name of one's own certificate, else the address.
choose_lan_host() {
  local problem check=-checkhost
  LAN_HOST=$LAN_NAME
  if [[ -n $TLS_CERTIFICATE ]]; then
    problem=$(own_certificate_problem "$TLS_CERTIFICATE" "$TLS_KEY")
    [[ -z $problem ]] || die "${problem%%|*}." "${problem#*|}。"
    [[ -n $LAN_HOST ]] || LAN_HOST=$(certificate_names "$TLS_CERTIFICATE" | grep -m 1 -v '^\*') ||
      die "$TLS_CERTIFICATE names no host; say which with --name." "$TLS_CERTIFICATE にホスト名がありません。--name で指定してください。"
    [[ $LAN_HOST =~ ^[0-9.]+$ ]] && check=-checkip
    openssl x509 -in "$TLS_CERTIFICATE" -noout "$check" "$LAN_HOST" | grep -q 'does match' ||
      die "$TLS_CERTIFICATE is not for $LAN_HOST but for: $(certificate_names "$TLS_CERTIFICATE" | paste -sd ' ')" \
        "$TLS_CERTIFICATE は $LAN_HOST のものではなく、次のものです: $(certificate_names "$TLS_CERTIFICATE" | paste -sd ' ')"
  fi
  [[ -n $LAN_HOST ]] || LAN_HOST=$(lan_address)
}

# The certificate, the page and nginx's configuration, in the data folder. Sets LAN_CHANGED if the certificate did.
write_lan() {
  local plain='=200 @plain' ipv6='' port=$((PORT + 7))
  LAN_CHANGED=
  as_user mkdir -p -m 700 "$DATA/lan/site" "$DATA/lan/tmp"
  if [[ -n $TLS_CERTIFICATE ]]; then
    # shellcheck disable=SC2016
    plain='=308 https://$http_host$request_uri'
    if ! cat "$TLS_CERTIFICATE" "$TLS_KEY" | as_user cmp -s - "$DATA/secrets/lan.pem"; then
      cat "$TLS_CERTIFICATE" "$TLS_KEY" | write_file "$DATA/secrets/lan.pem"
      LAN_CHANGED=changed
    fi
  else
    write_file "$DATA/lan/certificate" <"$ROOT/ops/lan/certificate"
    as_user chmod 700 "$DATA/lan/certificate"
    # One's own of an earlier start is not this installation's.
    as_user openssl verify -CAfile "$DATA/lan/ca.crt" "$DATA/secrets/lan.pem" >/dev/null 2>&1 || as_user rm -f "$DATA/secrets/lan.pem"
    LAN_CHANGED=$(as_user "$DATA/lan/certificate" "$DATA" "$LAN_NAME")
    as_user grep -qxE "(DNS|IP):${LAN_HOST//./\\.}" "$DATA/lan/names" || die \
      "The certificate authority in $DATA/lan was made for other names than $LAN_HOST. To make a new one, which every phone must trust anew: rm $(quoted "$DATA/lan/ca.crt")" \
      "$DATA/lan の認証局は $LAN_HOST の証明書を作れません。作り直すには rm $(quoted "$DATA/lan/ca.crt") を実行してください（すべての端末で、証明書を入れ直します）。"
    as_user cat "$DATA/lan/ca.crt" | write_file "$DATA/lan/site/kubari-ca.crt"
    write_file "$DATA/lan/site/page.js" <"$ROOT/ops/lan/trust/page.js"
    write_file "$DATA/lan/site/page.css" <"$ROOT/ops/lan/trust/page.css"
    sed -e "s|@URL@|$URL|g" -e "s|@FINGERPRINT@|$(authority_fingerprint)|g" "$ROOT/ops/lan/trust/index.html" | write_file "$DATA/lan/site/index.html"
  fi
  # Where there is no IPv6, nginx would not start.
  [[ ! -s /proc/net/if_inet6 ]] || ipv6="listen [::]:$port ssl http2;"
  sed -e "s|@GATEWAY@|$PORT|" -e "s|@PORT@|$port|" -e "s|@IPV6@|$ipv6|" -e "s|@PLAIN@|$plain|" "$ROOT/ops/lan/nginx.conf" |
    write_file "$DATA/lan/nginx.conf"
}

# SHA-256 in pairs, as phones show it.
authority_fingerprint() { as_user openssl x509 -in "$DATA/lan/ca.crt" -noout -fingerprint -sha256 | sed 's/.*=//'; }

# nginx beside the gateway, and for a certificate of our own the hourly look at it.
write_lan_services() {
  service_folder lan QUIT <<'SCRIPT'
#!/bin/sh
exec 2>&1
exec /usr/sbin/nginx -p ../../../lan/ -c nginx.conf -e stderr
SCRIPT
  [[ -n $TLS_CERTIFICATE ]] || service_folder certificate TERM <<SCRIPT
#!/bin/sh
exec 2>&1
if [ "\$(../../../lan/certificate ../../.. $LAN_NAME)" = changed ]; then s6-svc -h ../lan; fi
exec sleep 3600
SCRIPT
}

start_lan() {
  start_services lan
  [[ -n $TLS_CERTIFICATE ]] || start_services certificate
}

# Where a phone begins: the page about the certificate, or with a certificate that everybody trusts the app itself.
phone_link() { if [[ -n $TLS_CERTIFICATE ]]; then echo "$URL/"; else echo "http://${URL#https://}/"; fi; }

print_phone_link() {
  local link form=UTF8
  link=$(phone_link)
  [[ ! -t 1 ]] || form=ANSIUTF8
  say "Phones in this network begin at $link"
  qrencode -t "$form" -m 2 "$link"
  [[ -n $TLS_CERTIFICATE ]] || say "  fingerprint of the certificate to trust (SHA-256): $(authority_fingerprint)"
  say ""
}
