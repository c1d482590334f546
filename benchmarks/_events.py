"""Events of a service desk: as lines of JSON, as a feed, and as plain rows of the table for the plainest loaders."""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

ACCOUNTS = 400
RECIPE = """
recipe: events
title: Service desk, as it happens
time_zone: Europe/Lisbon
streams:
  - name: accounts
    from: accounts.ndjson
    into: account
    fields: {account_number: account_number, name: account_number}
  - name: contacts
    from: contacts.ndjson
    into: work
    key: [contact_number]
    refuse:
      - {when: {topic: test}, code: test-contact, reason: "Contact {contact_number} was a test."}
    fields:
      operation: {value: service-desk}
      service: {from: channel, required: true}
      occurred_at: contacted_at
      quantity: {value: 1}
      account_number: {from: account_number, required: true, known: account}
      region: {from: region, required: true}
      channel: channel
      handle_minutes: handle_minutes
    details: {topic: topic}
"""


def accounts() -> list[bytes]:
    """Return the accounts as lines."""
    return [json.dumps({"account_number": f"A{number:05d}"}).encode() for number in range(ACCOUNTS)]


def lines(count: int, start: int, *, broken_every: int = 0) -> list[bytes]:
    """Return events as lines of JSON, no two alike; one of so many broken."""
    rng = random.Random(start)
    made = []
    for number in range(start, start + count):
        event: dict[str, Any] = {
            "contact_number": f"C{number:09d}",
            "contacted_at": f"2026-0{rng.randrange(1, 7)}-{rng.randrange(1, 28):02d}"
            f"T{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}Z",
            "account_number": f"A{rng.randrange(ACCOUNTS):05d}",
            "region": rng.choice(("north", "south", "west")),
            "channel": rng.choice(("phone", "e-mail", "chat")),
            "handle_minutes": round(rng.expovariate(0.1), 2),
            "topic": rng.choice(("billing", "delivery", "returns", "advice")),
        }
        if broken_every and number % broken_every == broken_every // 2:
            event["handle_minutes"] = "NaN"
        made.append(json.dumps(event).encode())
    return made


def plain_rows(given: Sequence[bytes], feed_id: int, batch_id: int) -> Iterator[dict[str, Any]]:
    """Return events as rows of the table, checked by nothing."""
    for line, text in enumerate(given, start=1):
        yield row_of(json.loads(text), line, feed_id, batch_id)


def row_of(event: dict[str, Any], line: int, feed_id: int, batch_id: int) -> dict[str, Any]:
    """Return an event as a row of the table, its key hashed, since the table asks for it."""
    mark = hashlib.sha256(event["contact_number"].encode()).digest()[:16]
    return {
        "feed_id": feed_id,
        "batch_id": batch_id,
        "file_number": 0,
        "line": line,
        "key": event["contact_number"],
        "key_hash": mark,
        "content_hash": mark,
        "operation": "service-desk",
        "service": event["channel"],
        "work_class": "",
        "region": event["region"],
        "channel": event["channel"],
        "product": "",
        "account_number": event["account_number"],
        "occurred_at": event["contacted_at"],
        "quantity": 1.0,
        "handle_minutes": event["handle_minutes"],
        "currency": "",
        "is_return": False,
        "details": {"topic": event["topic"]},
    }


def checked_rows(given: Sequence[bytes], feed_id: int, batch_id: int) -> Iterator[dict[str, Any]]:
    """Return events as rows of the table, each checked by pydantic."""
    from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

    class Event(BaseModel):
        model_config = ConfigDict(extra="forbid")
        contact_number: str = Field(min_length=1, max_length=500)
        contacted_at: AwareDatetime
        account_number: str = Field(min_length=1, max_length=500)
        region: str = Field(min_length=1, max_length=500)
        channel: str = Field(min_length=1, max_length=500)
        handle_minutes: float | None = Field(ge=0, le=1e7, allow_inf_nan=False)
        topic: str = Field(max_length=500)

    for line, text in enumerate(given, start=1):
        event = Event.model_validate_json(text)
        at: datetime = event.contacted_at
        yield row_of(event.model_dump() | {"contacted_at": at}, line, feed_id, batch_id)
