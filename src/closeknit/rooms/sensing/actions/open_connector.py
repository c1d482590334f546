"""Let rows of a feed come by themselves: open a hook, a pull or a subject; change a hook's secret; close one."""

import re
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.outbound import secrets
from closeknit.kernel.outbound.webhook import make_secret
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.contracts import ConnectorCard, ConnectorKind, OpenedHook, PullPlan
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.models import Connector, Feed
from closeknit.rooms.sensing.reads.connectors import get_connector

HOOK_PATH = "/api/v1/hooks/{}"
PREVIOUS_SECRET_HOLDS = timedelta(days=7)
ROWS_AT = re.compile(r"[^.\s]+(\.[^.\s]+)*")
SOURCE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
SUBJECT = re.compile(r"[A-Za-z0-9_\-*>]+(\.[A-Za-z0-9_\-*>]+)*")
SHORTEST_PULL_SECONDS = 10
LONGEST_SECONDS = 30 * 24 * 3600
BROKER_STREAM = re.compile(r"[A-Za-z0-9_\-]{1,80}")


def open_hook(feed: str, stream: str, *, rows_at: str = "", by: Actor, at: datetime) -> OpenedHook:
    """Take rows of a stream that others send, signed by the Standard Webhooks rules; return the secret, shown once.

    `rows_at` says where the rows stand in each body ("data.items"); "" for the whole body. Refuses a stream whose rows
    cannot be told apart one by one.
    """
    by.require(Permission.LOAD_DATA)
    if rows_at and not ROWS_AT.fullmatch(rows_at):
        raise Invalid("Rows stand at names joined by dots.", where="rows_at", todo="For example: data.items")
    secret = make_secret()
    row = _open(ConnectorKind.HOOK, feed, stream, {"rows_at": rows_at}, secret=secret, by=by, at=at)
    return OpenedHook(row.pk, HOOK_PATH.format(row.pk), secret)


def open_pull(feed: str, stream: str, plan: PullPlan, *, by: Actor, at: datetime) -> ConnectorCard:
    """Ask a database for new rows of a stream from now on, again and again.

    Refuses a query without `:watermark`, and intervals under ten seconds or over thirty days.
    """
    by.require(Permission.LOAD_DATA)
    _check_pull(plan)
    options = {name: value for name, value in asdict(plan).items() if name != "first_watermark"}
    row = _open(ConnectorKind.PULL, feed, stream, options, watermark=plan.first_watermark, by=by, at=at)
    return get_connector(row.pk, by=by)


def open_subject(
    feed: str, stream: str, subject: str, broker_stream: str, *, rows_at: str = "", by: Actor, at: datetime
) -> ConnectorCard:
    """Take rows of a stream that a broker hands on from a subject. A listener takes them: `closeknit sensing listen`.

    `broker_stream` is the JetStream stream that keeps the subject; it is the broker's, and never made here. Refuses
    what is no subject or stream of NATS.
    """
    by.require(Permission.LOAD_DATA)
    if not BROKER_STREAM.fullmatch(broker_stream):
        raise Invalid("This is no name of a stream.", where="broker_stream", todo="Letters, digits, - and _.")
    if not SUBJECT.fullmatch(subject):
        raise Invalid("This is no subject.", where="subject", todo="Names joined by dots, as in orders.created.")
    if rows_at and not ROWS_AT.fullmatch(rows_at):
        raise Invalid("Rows stand at names joined by dots.", where="rows_at", todo="For example: data.items")
    options = {"subject": subject, "broker_stream": broker_stream, "rows_at": rows_at}
    row = _open(ConnectorKind.SUBJECT, feed, stream, options, by=by, at=at)
    return get_connector(row.pk, by=by)


def change_hook_secret(connector_id: UUID, *, by: Actor, at: datetime) -> OpenedHook:
    """Sign with a new secret from now on; the one before holds for seven days more, so that no message is lost."""
    by.require(Permission.LOAD_DATA)
    secret = make_secret()
    with transaction.atomic():
        row = _held(connector_id)
        if row.kind != ConnectorKind.HOOK:
            raise Invalid("Only a hook has a secret.", where=str(connector_id))
        row.previous_secret, row.previous_secret_until = row.secret, at + PREVIOUS_SECRET_HOLDS
        row.secret = _kept(secret, row.pk)
        row.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
        _record(row, "secret changed", f"{{actor}} changed the secret of a hook into {row.feed.name}.", by)
    return OpenedHook(row.pk, HOOK_PATH.format(row.pk), secret)


def close_connector(connector_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Take nothing through a connector any more. What has come already becomes rows still. Refuses without a reason."""
    by.require(Permission.LOAD_DATA)
    why = " ".join(reason.split())
    if not why:
        raise Invalid("Say why it is closed.", where="reason")
    with transaction.atomic():
        row = _held(connector_id)
        row.closed_at = at
        row.save(update_fields=["closed_at"])
        _record(row, "closed", f"{{actor}} closed a {row.kind} into {row.feed.name}: {why[:300]}", by)


def _open(
    kind: ConnectorKind,
    feed_name: str,
    stream: str,
    options: dict[str, Any],
    *,
    secret: str = "",
    watermark: str = "",
    by: Actor,
    at: datetime,
) -> Connector:
    feed = Feed.objects.filter(name=feed_name).first()
    if feed is None:
        raise NotFound(
            "There is no such feed.", where=feed_name, todo="Register its recipe: closeknit load RECIPE PATH."
        )
    chosen = read_recipe(feed.recipe_text, f"recipe of {feed.name}").stream_named(stream)
    if chosen.one_per or (chosen.into is None and not chosen.key):
        raise Invalid(
            f"The stream {stream} tells rows apart only within a whole file.",
            where="stream",
            todo="Give it a key in the recipe, or load it as files.",
        )
    connector_id = ids.new_id()
    row = Connector(
        id=connector_id,
        kind=kind.value,
        feed=feed,
        stream=stream,
        options=options,
        secret=_kept(secret, connector_id) if secret else None,
        watermark=watermark,
        thread_id=ids.new_id(),
        opened_by=by.key,
        opened_at=at,
        next_at=at,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        _record(row, "opened", f"{{actor}} opened a {kind.value} into {feed.name}, stream {stream}.", by)
    return row


def _kept(secret: str, connector_id: UUID) -> bytes:
    return secrets.encrypt(secret, about=str(connector_id), key_text=settings.SECRET_KEY)


def _held(connector_id: UUID) -> Connector:
    row = Connector.objects.select_for_update(of=("self",)).select_related("feed").filter(pk=connector_id).first()
    if row is None:
        raise NotFound("There is no such connector.", where=str(connector_id))
    if row.closed_at:
        raise Conflict("The connector is closed.", where=str(connector_id), todo="Open another.")
    return row


def _check_pull(plan: PullPlan) -> None:
    if not SOURCE_NAME.fullmatch(plan.source):
        raise Invalid(
            "A source is named in capitals.",
            where="source",
            todo="For ERP, put the address into the variable CLOSEKNIT_SOURCE_ERP of the worker.",
        )
    words = plan.query.strip().rstrip(";")
    if not re.match(r"(?is)(select|with)\b", words) or ";" in words:
        raise Invalid("A pull asks one SELECT.", where="query", todo="One statement that begins with select or with.")
    if ":watermark" not in words:
        raise Invalid(
            "The query does not ask for what is new.",
            where="query",
            todo="Compare with :watermark and order by it: where changed_at > :watermark order by changed_at",
        )
    if not plan.watermark_column.strip():
        raise Invalid("Say which column of the result only grows.", where="watermark_column")
    if not plan.first_watermark.strip():
        raise Invalid("Say where to begin.", where="first_watermark", todo="For example: 1970-01-01T00:00:00Z or 0")
    if plan.every_seconds and not SHORTEST_PULL_SECONDS <= plan.every_seconds <= LONGEST_SECONDS:
        raise Invalid("A pull comes every ten seconds to thirty days, or only when asked (0).", where="every_seconds")
    if not 0 <= plan.overlap_seconds <= LONGEST_SECONDS:
        raise Invalid("An overlap is 0 seconds to thirty days.", where="overlap_seconds")


def _record(row: Connector, verb: str, sentence: str, by: Actor) -> None:
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind=f"connector.{verb.replace(' ', '_')}",
            subject=f"connector:{row.pk}",
            sentence=sentence.replace("{actor}", by.name),
            evidence={"feed": row.feed.name, "stream": row.stream, "kind": row.kind, "options": row.options},
        ),
        by=by,
    )
