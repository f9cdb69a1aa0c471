#!/usr/bin/python3
"""A mail server for tests (Debian's python3-aiosmtpd), with what real ones do on bad days.

usage: smtp_server.py PORT FOLDER [CERTIFICATE KEY USER PASSWORD]

Writes each accepted message to FOLDER/NUMBER.eml, with the envelope in front as X-Envelope-To. Prints "ready PORT". Whom a message is for
decides what happens:
  never@…   550 for ever             later@…   451 twice, then accepted
  cut@…     the connection breaks after the content, once: accepted, but the client never hears of it
  full@…    552 after the content    away@…    421, the server goes away
"""
import asyncio
import os
import ssl
import sys
from collections import Counter

from aiosmtpd.smtp import SMTP, AuthResult

port, folder = int(sys.argv[1]), sys.argv[2]
tls = sys.argv[3:7]
seen = Counter()
number = len(os.listdir(folder))


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        user = address.split("@")[0]
        seen[address] += 1
        if user == "never":
            return "550 5.1.1 no such mailbox"
        if user == "away":
            return "421 4.3.2 going down"
        if user == "later" and seen[address] <= 2:
            return "451 4.7.1 greylisted, come back"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global number
        user = envelope.rcpt_tos[0].split("@")[0]
        if user == "full":
            return "552 5.2.2 mailbox full"
        name = os.path.join(folder, "%06d.eml" % number)
        number += 1
        with open(name + ".new", "wb") as file:
            file.write(("X-Envelope-To: %s\r\n" % envelope.rcpt_tos[0]).encode())
            if session.authenticated:
                file.write(b"X-Authenticated: yes\r\n")
            if session.ssl:
                file.write(b"X-Encrypted: yes\r\n")
            file.write(envelope.content)
        os.rename(name + ".new", name)
        if user == "cut" and seen[envelope.rcpt_tos[0]] == 1:
            server.transport.abort()
            return "250 never heard"
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login == tls[2].encode() and data.password == tls[3].encode()
    return AuthResult(success=right)


async def main():
    options = {}
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls[0], tls[1])
        options = dict(tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname="mail.example", **options), "127.0.0.1", port, reuse_address=True)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
