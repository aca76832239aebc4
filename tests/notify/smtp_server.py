"""A mail server for the tests: real SMTP on a free loopback port, with faults in a given order.

Prints one JSON line when it is ready ({"port", "ca"}), and one for each message that reached it, whatever it answered.
It ends when its standard input is closed.
"""

import argparse
import asyncio
import email
import json
import logging
import ssl
import sys
import warnings

import trustme
from aiosmtpd.smtp import SMTP, AuthResult


class Inbox:
    def __init__(self, faults):
        self.faults = faults

    async def handle_DATA(self, server, session, envelope):
        fault = self.faults.pop(0) if self.faults else "ok"
        message = email.message_from_bytes(envelope.content)
        parts = {part.get_content_type(): part.get_payload(decode=True).decode() for part in message.walk() if not part.is_multipart()}
        subject = str(email.header.make_header(email.header.decode_header(message["Subject"])))
        say({
            "answer": fault, "to": envelope.rcpt_tos, "message_id": message["Message-ID"], "date": message["Date"],
            "subject": subject, "text": parts.get("text/plain"), "html": parts.get("text/html"),
            "user": session.auth_data, "tls": server.transport.get_extra_info("ssl_object") is not None,
        })
        if fault == "drop":
            server.transport.abort()
        if fault.isdigit():
            return f"{fault} as the test wants it"
        return "250 taken"


def say(what):
    print(json.dumps(what), flush=True)


async def main(args):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    inbox = Inbox(args.faults.split(",") if args.faults else [])
    options = {"hostname": "mail.test"}
    if args.tls == "starttls":
        options.update(tls_context=context, require_starttls=True)
    if args.login:
        def authenticate(server, session, envelope, mechanism, data):
            given = data.login.decode() + ":" + data.password.decode()
            return AuthResult(success=given == args.login, auth_data=data.login.decode(), handled=False)
        options.update(authenticator=authenticate, auth_required=True, auth_require_tls=False)
    loop = asyncio.get_running_loop()
    wrapped = context if args.tls == "tls" else None
    server = await loop.create_server(lambda: SMTP(inbox, **options), "127.0.0.1", 0, ssl=wrapped)
    say({"port": server.sockets[0].getsockname()[1], "ca": authority.cert_pem.bytes().decode()})
    await loop.run_in_executor(None, sys.stdin.read)


logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")
parser = argparse.ArgumentParser()
parser.add_argument("--faults", default="")
parser.add_argument("--login", default="")
parser.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
asyncio.run(main(parser.parse_args()))
