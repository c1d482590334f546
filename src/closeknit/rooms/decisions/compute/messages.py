"""What a message says: plain text for mail, JSON for webhooks. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MOST_SUBJECT = 150


@dataclass(frozen=True, slots=True)
class Told:
    """One notice as it leaves: `link` is whole."""

    notice_id: UUID
    cause: str
    title: str
    body: str
    link: str
    is_urgent: bool
    updates: int
    last_at: datetime


def one_line(text: str) -> str:
    """Return a text with every run of spaces, line ends and control characters as one space."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()


def for_ledger(text: str) -> str:
    """Return a person's words as they may stand in a ledger sentence, where {actor} stands for a name."""
    return text.replace("{actor}", "(actor)")


def mail_subject(kind: str, notices: Sequence[Told]) -> str:
    """Return the subject of a mail: the notice's title, or how many notices a digest has."""
    if kind == "digest":
        return f"{len(notices)} notice{'' if len(notices) == 1 else 's'}: {notices[0].title}"[:MOST_SUBJECT]
    return f"{'Urgent: ' if notices[0].is_urgent else ''}{notices[0].title}"[:MOST_SUBJECT]


def mail_text(notices: Sequence[Told], preferences_link: str) -> str:
    """Return the text of a mail: each notice with its link, and where to change what comes."""
    parts = []
    for told in notices:
        repeats = f"(reported {told.updates} times)" if told.updates > 1 else ""
        parts.append("\n".join(line for line in (told.title, repeats, told.body, told.link) if line))
    return "\n\n".join(parts) + f"\n\n--\nWhich notices come by mail: {preferences_link}\n"


def webhook_body(kind: str, person_key: str, notices: Sequence[Told], at: datetime) -> bytes:
    """Return the JSON body of a webhook: {"type", "timestamp", "data": {"person", "notices": [...]}}."""
    listed = [
        {
            "id": str(told.notice_id),
            "cause": told.cause,
            "title": told.title,
            "body": told.body,
            "link": told.link,
            "urgent": told.is_urgent,
            "updates": told.updates,
            "reported_at": told.last_at.isoformat(),
        }
        for told in notices
    ]
    message = {
        "type": f"notices.{kind}",
        "timestamp": at.isoformat(),
        "data": {"person": person_key, "notices": listed},
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
