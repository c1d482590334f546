"""Send what is due, receiver by receiver; try again what failed; give up after days."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.outbound import mail, secrets, webhook
from closeknit.kernel.outbound.addresses import Gate
from closeknit.kernel.outbound.webhook import Outcome
from closeknit.kernel.scope import acting_as
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.messages import Told, mail_subject, mail_text, webhook_body
from closeknit.rooms.decisions.contracts import Channel, Entry
from closeknit.rooms.decisions.models import Dispatch, WebhookEndpoint
from closeknit.rooms.decisions.reads.notices import MANAGE, preferences_of, readable_notices
from closeknit.rooms.decisions.reads.outbound import absolute_link, mail_server, outbound_gate
from closeknit.rooms.decisions.reads.timing import database_now
from closeknit.rooms.org import reads as org

MAIL_LANE = "mail"
LEASE = timedelta(minutes=2)
"""For how long a message that is being sent is nobody else's. Who dies in it leaves it to the next one."""
MOST_AT_ONCE = 50
MOST_REST_SECONDS = 300
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Try:
    """One message taken for one try: its number, and the database's time of it."""

    row: Dispatch
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Dropped:
    """Nobody may see any more what the message would have said."""

    sentence: str


def list_due_receivers(*, by: Actor) -> list[str]:
    """Return who has something due: "mail", or an endpoint's id. Endpoints that rest or are disabled are left out."""
    by.require(MANAGE)
    rows = _due().values_list("channel", "endpoint_id").distinct().order_by("channel", "endpoint_id")
    return [MAIL_LANE if channel == Channel.MAIL else str(endpoint_id) for channel, endpoint_id in rows]


def send_dispatches(receiver: str, *, gate: Gate | None = None, by: Actor) -> int:
    """Send one receiver what is due, one message after the other, and return how many were sent.

    No transaction is open while a message is under way. A failure ends the round: the receiver rests, each message
    has its own next try, and its id stays the same on every try.
    """
    by.require(MANAGE)
    way, sent = gate or outbound_gate(), 0
    for _ in range(MOST_AT_ONCE):
        taken = _take(receiver)
        if taken is None:
            break
        outcome = _send(taken, way)
        _settle(taken, outcome, by)
        if isinstance(outcome, Outcome):
            sent += outcome.is_sent
            if not outcome.is_sent and not outcome.is_final:
                break
    return sent


def send_at_once(dispatch: Dispatch, *, gate: Gate | None = None, by: Actor, at: datetime) -> None:
    """Try a new message once, here and now; it is not tried again. For test messages."""
    by.require(MANAGE)
    outcome = _send(_Try(dispatch, webhook.MOST_TRIES, at), gate or outbound_gate())
    _settle(_Try(dispatch, webhook.MOST_TRIES, at), outcome, by)


def replay_dispatch(dispatch_id: UUID, *, by: Actor) -> None:
    """Owe a dead message again from its first try, under its old id. Refuses what is not dead."""
    by.require(MANAGE)
    row = Dispatch.objects.select_related("endpoint").filter(pk=dispatch_id, state=Dispatch.State.DEAD).first()
    if row is None:
        raise NotFound("There is no dead message with this id.", where=str(dispatch_id))
    if row.endpoint is not None and row.endpoint.disabled_at is not None:
        raise Conflict("Its endpoint is disabled.", where=row.endpoint.name, todo="Enable the endpoint first.")
    with transaction.atomic():
        Dispatch.objects.filter(pk=dispatch_id, state=Dispatch.State.DEAD).update(
            state=Dispatch.State.PENDING, tries=0, next_try_at=database_now(), settled_at=None
        )


def _due() -> "QuerySet[Dispatch]":
    awake = Q(endpoint=None) | Q(endpoint__rests_until=None) | Q(endpoint__rests_until__lte=Now())
    in_use = Q(endpoint=None) | Q(endpoint__disabled_at=None)
    return Dispatch.objects.filter(awake, in_use, state=Dispatch.State.PENDING, next_try_at__lte=Now())


def _take(receiver: str) -> _Try | None:
    mine = Q(channel=Channel.MAIL) if receiver == MAIL_LANE else Q(endpoint_id=receiver)
    with transaction.atomic():
        now = database_now()
        due = _due().filter(mine).select_related("endpoint").order_by("next_try_at", "id")
        row = due.select_for_update(skip_locked=True, of=("self",)).first()
        if row is None:
            return None
        row.tries += 1
        Dispatch.objects.filter(pk=row.pk).update(tries=row.tries, next_try_at=now + LEASE)
    return _Try(row, row.tries, now)


def _send(taken: _Try, gate: Gate) -> Outcome | _Dropped:
    row = taken.row
    told: list[Told] = []
    if row.kind != "test":
        told = _still_readable(row)
        if not told:
            return _Dropped("Whoever it was for may no longer see it.")
    if row.channel == Channel.MAIL:
        return _send_mail(row, told)
    assert row.endpoint is not None, "a webhook has an endpoint"
    body = webhook_body(row.kind, row.person_key, told, taken.at)
    try:
        secret = secrets.decrypt(bytes(row.endpoint.secret), about=str(row.endpoint_id), key_text=settings.SECRET_KEY)
    except Conflict as failure:
        return Outcome(False, failure.what)
    return webhook.post_signed(row.endpoint.url, body, message_id=str(row.pk), secret=secret, gate=gate, at=taken.at)


def _send_mail(row: Dispatch, told: list[Told]) -> Outcome:
    server, address = mail_server(), preferences_of([row.person_key])
    if row.person_key not in address or not address[row.person_key].mail_address:
        return Outcome(False, "The person has no mail address any more.", is_final=True)
    if server is None:
        return Outcome(False, "No mail server is set (CLOSEKNIT_SMTP_URL).")
    text = mail_text(told, absolute_link("/notices/preferences/"))
    letter = mail.Mail(address[row.person_key].mail_address, mail_subject(row.kind, told), text, str(row.pk))
    try:
        mail.send(letter, server)
    except mail.MailFailed as failure:
        return Outcome(False, failure.what, is_final=failure.is_final)
    except Invalid as refused:
        return Outcome(False, refused.what, is_final=True)
    return Outcome(True, "Taken by the mail server.")


def _still_readable(row: Dispatch) -> list[Told]:
    """Return what the person may see at this moment, with present rights, in the order of the message."""
    try:
        reader = org.get_actor(row.person_key)
    except NotFound:
        return []
    with acting_as(reader):
        found = {str(notice.pk): notice for notice in readable_notices(reader).filter(pk__in=row.notice_ids)}
    return [
        Told(n.pk, n.cause, n.title, n.body, absolute_link(n.link), n.is_urgent, n.updates, n.last_at)
        for key in row.notice_ids
        if (n := found.get(key)) is not None
    ]


def _settle(taken: _Try, outcome: Outcome | _Dropped, by: Actor) -> None:
    with transaction.atomic():
        now = database_now()
        changes: dict[str, object] = {"outcome": outcome.sentence, "tries": taken.number}
        if isinstance(outcome, _Dropped):
            changes |= {"state": Dispatch.State.DROPPED, "settled_at": now}
        elif outcome.is_sent:
            changes |= {"state": Dispatch.State.SENT, "settled_at": now}
        else:
            wait = None if outcome.is_final else webhook.wait_seconds(taken.number, _chance)
            dead = {"state": Dispatch.State.DEAD, "settled_at": now}
            changes |= dead if wait is None else {"next_try_at": now + timedelta(seconds=wait)}
        # Only the try that holds the message settles it: a slower one before it has lost its lease.
        Dispatch.objects.filter(pk=taken.row.pk, tries__lte=taken.number, state=Dispatch.State.PENDING).update(
            **changes
        )
        # A test that fails says so to whoever asked, and delays no notice.
        counts = isinstance(outcome, Outcome) and (taken.row.kind != "test" or outcome.is_sent or outcome.is_gone)
        if taken.row.endpoint_id is not None and isinstance(outcome, Outcome) and counts:
            _settle_endpoint(taken.row.endpoint_id, outcome, now, by)


def _settle_endpoint(endpoint_id: UUID, outcome: Outcome, now: datetime, by: Actor) -> None:
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint_id)
    if outcome.is_sent:
        if endpoint.failures:
            # It is back: what waits for a later try leaves now.
            WebhookEndpoint.objects.filter(pk=endpoint_id).update(failures=0, rests_until=None)
            Dispatch.objects.filter(
                endpoint_id=endpoint_id, state=Dispatch.State.PENDING, next_try_at__gt=now + LEASE
            ).update(next_try_at=now)
        return
    rest = min(2.0 ** min(endpoint.failures, 12), MOST_REST_SECONDS) * (1 + webhook.JITTER_SHARE * _chance.random())
    WebhookEndpoint.objects.filter(pk=endpoint_id).update(
        failures=F("failures") + 1, rests_until=now + timedelta(seconds=rest)
    )
    if outcome.is_gone and endpoint.disabled_at is None:
        disable(endpoint, reason=outcome.sentence, by=by, at=now)


def disable(endpoint: WebhookEndpoint, *, reason: str, by: Actor, at: datetime) -> None:
    """Send an endpoint nothing any more, in the caller's transaction: what waits for it is dead, and in view."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_at=at, disabled_reason=reason)
    Dispatch.objects.filter(endpoint=endpoint, state=Dispatch.State.PENDING).update(
        state=Dispatch.State.DEAD, settled_at=at, outcome=f"The endpoint was disabled: {reason}"
    )
    record_entry(
        Entry(
            thread_id=endpoint.thread_id,
            kind="webhook.disabled",
            subject=f"webhook:{endpoint.pk}",
            sentence=f"The webhook endpoint {endpoint.name} was disabled: {reason}",
            evidence={"url": endpoint.url, "reason": reason},
        ),
        by=by,
    )
