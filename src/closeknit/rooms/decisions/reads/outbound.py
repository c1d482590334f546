"""The ways out as the deployment has them, and links that work from outside."""

from django.conf import settings

from closeknit.kernel.outbound.addresses import Gate
from closeknit.kernel.outbound.mail import MailServer, read_server


def outbound_gate() -> Gate:
    """Return the way out for webhooks, with the receivers that CLOSEKNIT_LOCAL_RECEIVERS lists."""
    return Gate(local=frozenset(settings.LOCAL_RECEIVERS))


def mail_server() -> MailServer | None:
    """Return the mail server of CLOSEKNIT_SMTP_URL, or None where no mail is sent."""
    return read_server(settings.SMTP_URL, settings.MAIL_FROM)


def absolute_link(link: str) -> str:
    """Return a page's whole address for mails and webhooks; only the path where CLOSEKNIT_URL is not set.

    Never made from a request: whoever asks for a page must not choose where mails lead.
    """
    return f"{settings.PUBLIC_URL}{link}" if link else ""
