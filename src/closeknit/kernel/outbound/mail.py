"""Plain-text mail over SMTP: one receiver, one message, no header that anybody can slip in.

Transport: `smtps://` is TLS from the start; `smtp://` must offer STARTTLS, except on this machine's loopback.
"""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from urllib.parse import unquote, urlsplit

from closeknit.kernel.errors import CloseknitError, Invalid

TIMEOUT_SECONDS = 15.0
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class MailFailed(CloseknitError):
    """A mail was not taken. `is_final`: the receiver's address was refused for good."""

    code, status, title = "mail_failed", 502, "The mail was not taken"

    def __init__(self, what: str, *, is_final: bool = False) -> None:
        super().__init__(what, kept="It waits.")
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. The password is never shown."""

    host: str
    port: int
    sender: str
    is_tls: bool = False
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. `message_id` is the same on every try, so that a receiver can tell a repeat."""

    to: str
    subject: str
    text: str
    message_id: str


def read_server(url: str, sender: str) -> MailServer | None:
    """Return the server that CLOSEKNIT_SMTP_URL names (smtp://user:word@host:587), or None where it is empty.

    Raises:
        Invalid: when it cannot be read; the address is not repeated, since it may hold a password.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or (465 if parts.scheme == "smtps" else 587)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or not port:
        raise Invalid("The mail server's address is not understood.", where="CLOSEKNIT_SMTP_URL")
    check_address(sender, where="CLOSEKNIT_MAIL_FROM")
    name, word = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, port, sender, parts.scheme == "smtps", name, word)


def check_address(address: str, *, where: str = "mail address") -> str:
    """Return a mail address that is one plain address and nothing else.

    Raises:
        Invalid: for lists, display names, line breaks and everything beyond plain letters.
    """
    if len(address) > 254 or not ADDRESS.fullmatch(address):
        raise Invalid("This is not one plain mail address.", where=where, todo="Write it as name@example.com.")
    return address


def compose(mail: Mail, sender: str) -> EmailMessage:
    """Return the message as it goes out.

    Raises:
        Invalid: when an address or the subject could begin another header.
    """
    if CONTROL.search(mail.subject) or CONTROL.search(mail.message_id):
        raise Invalid("A mail's subject is one line.", where="subject")
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = check_address(sender, where="sender")
    message["To"] = check_address(mail.to)
    message["Subject"] = mail.subject
    message["Message-ID"] = f"<{mail.message_id}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="quoted-printable")
    return message


def send(mail: Mail, server: MailServer) -> None:
    """Hand one mail in.

    Raises:
        Invalid: before anything is sent, for what cannot be a mail. MailFailed: when the server did not take it.
    """
    message = compose(mail, server.sender)
    try:
        with _connect(server) as line:
            if server.username:
                line.login(server.username, server.password)
            line.send_message(message, from_addr=server.sender, to_addrs=[mail.to])
    except smtplib.SMTPRecipientsRefused as refused:
        code = next(iter(refused.recipients.values()))[0]
        raise MailFailed(f"The receiver was refused ({code}).", is_final=500 <= code < 600) from refused
    except (OSError, smtplib.SMTPException) as failure:
        # The reason may quote what was sent: only its kind is kept.
        raise MailFailed(f"{server.host} did not take the mail: {type(failure).__name__}.") from failure


def _connect(server: MailServer) -> smtplib.SMTP:
    tls = ssl.create_default_context()
    if server.is_tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=tls)
    line = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    if server.host in LOOPBACK:
        return line
    try:
        line.starttls(context=tls)
    except (OSError, smtplib.SMTPException):
        line.close()
        raise
    return line
