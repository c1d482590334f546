"""Webhook endpoints: create, change, try out, disable and enable. For administrators; each step is in the ledger."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.outbound import secrets
from closeknit.kernel.outbound.addresses import Gate, Unreachable
from closeknit.kernel.outbound.webhook import MOST_TRIES, make_secret
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.actions.send_dispatches import disable, send_at_once
from closeknit.rooms.decisions.compute.messages import for_ledger, one_line
from closeknit.rooms.decisions.contracts import Channel, DispatchCard, Entry, IssuedSecret
from closeknit.rooms.decisions.models import Dispatch, WebhookEndpoint
from closeknit.rooms.decisions.reads.notices import MANAGE, get_dispatch
from closeknit.rooms.decisions.reads.outbound import outbound_gate

TEST_LEASE = timedelta(minutes=2)


def create_endpoint(*, name: str, url: str, gate: Gate | None = None, by: Actor, at: datetime) -> IssuedSecret:
    """Have notices sent to an address from now on; return the signing secret, shown this once.

    Refuses an address that is not https to a public name, and a name that is taken.
    """
    by.require(MANAGE)
    title = for_ledger(one_line(name))
    if not title or len(title) > 80:
        raise Invalid("An endpoint needs a name of at most 80 letters.", where="name")
    _check_address(url, gate)
    endpoint_id, secret = ids.new_id(), make_secret()
    row = WebhookEndpoint(
        id=endpoint_id,
        name=title,
        url=url,
        secret=secrets.encrypt(secret, about=str(endpoint_id), key_text=settings.SECRET_KEY),
        thread_id=ids.new_id(),
        created_at=at,
        created_by_name=by.name,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _record(row, "created", f"{{actor}} had notices sent to {title} ({_host(url)}).", by)
    except IntegrityError as failure:
        raise Conflict(
            "An endpoint of this name is there already.", where=title, todo="Choose another name."
        ) from failure
    return IssuedSecret(endpoint_id, secret)


def change_endpoint(endpoint_id: UUID, *, url: str, gate: Gate | None = None, by: Actor) -> None:
    """Send to another address from now on, under the same secret. Refuses what `create_endpoint` refuses."""
    by.require(MANAGE)
    _check_address(url, gate)
    with transaction.atomic():
        row = _lock(endpoint_id)
        before, row.url = row.url, url
        row.failures, row.rests_until = 0, None
        row.save(update_fields=["url", "failures", "rests_until"])
        _record(row, "changed", f"{{actor}} moved {row.name} from {_host(before)} to {_host(url)}.", by, before=before)


def disable_endpoint(endpoint_id: UUID, *, reason: str, by: Actor, at: datetime) -> None:
    """Send an endpoint nothing any more, with a reason. What waits for it is dead, and can be replayed later."""
    by.require(MANAGE)
    if not reason.strip():
        raise Invalid("Disabling needs a reason.", where="reason", todo="Say why, in a sentence.")
    with transaction.atomic():
        row = _lock(endpoint_id)
        if row.disabled_at is not None:
            raise Conflict("It is disabled already.", where=row.name)
        disable(row, reason=for_ledger(one_line(reason)), by=by, at=at)


def enable_endpoint(endpoint_id: UUID, *, by: Actor) -> None:
    """Send to a disabled endpoint again. What died meanwhile stays dead until it is replayed."""
    by.require(MANAGE)
    with transaction.atomic():
        row = _lock(endpoint_id)
        if row.disabled_at is None:
            raise Conflict("It is in use already.", where=row.name)
        row.disabled_at, row.disabled_reason, row.failures, row.rests_until = None, "", 0, None
        row.save(update_fields=["disabled_at", "disabled_reason", "failures", "rests_until"])
        _record(row, "enabled", f"{{actor}} had notices sent to {row.name} again.", by)


def try_endpoint(endpoint_id: UUID, *, gate: Gate | None = None, by: Actor, at: datetime) -> DispatchCard:
    """Send an endpoint a signed test message, once and now, and return how it went."""
    by.require(MANAGE)
    row = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
    if row is None:
        raise NotFound("There is no such endpoint.", where=str(endpoint_id))
    if row.disabled_at is not None:
        raise Conflict("It is disabled.", where=row.name, todo="Enable it first.")
    dispatch = Dispatch.objects.create(
        id=ids.new_id(),
        channel=Channel.WEBHOOK,
        kind="test",
        endpoint=row,
        tries=MOST_TRIES,
        next_try_at=at + TEST_LEASE,
    )
    send_at_once(dispatch, gate=gate, by=by, at=at)
    return get_dispatch(dispatch.pk, by=by)


def _check_address(url: str, gate: Gate | None) -> None:
    try:
        (gate or outbound_gate()).check(url)
    except Unreachable:
        # The name has no address now; it may have one when there is something to send, and is checked again then.
        return


def _lock(endpoint_id: UUID) -> WebhookEndpoint:
    row = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if row is None:
        raise NotFound("There is no such endpoint.", where=str(endpoint_id))
    return row


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _record(row: WebhookEndpoint, what: str, sentence: str, by: Actor, **more: str) -> None:
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind=f"webhook.{what}",
            subject=f"webhook:{row.pk}",
            sentence=sentence,
            evidence={"name": row.name, "url": row.url, **more},
        ),
        by=by,
    )
