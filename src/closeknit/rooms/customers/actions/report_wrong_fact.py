"""This is wrong: hand a fact of an account to its steward."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.compute import find_sensitive
from closeknit.rooms.customers.compute.disputes import dispute_cause
from closeknit.rooms.customers.contracts import (
    DISPUTABLE_FIELDS,
    DISPUTE_DAYS,
    DOMAIN_OF_FACT,
    NO_STEWARD,
    PERSONAL_FIELDS,
    AccountCard,
    FactDisputed,
)
from closeknit.rooms.customers.models import Dispute
from closeknit.rooms.customers.reads.claims import claim_that_counts
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import SettingPlace
from closeknit.rooms.org.contracts.stewards import StewardCard

PATH = "wrong-fact"
LONGEST_TEXT, LONGEST_VALUE = 2000, 400


def report_wrong_fact(
    account_number: str, field: str, *, text: str, suggested: str = "", by: Actor, at: datetime
) -> UUID:
    """Say that a fact of an account is wrong; return the dispute's id. Its steward answers by a due time.

    A fact is a field that records state, or one of `STANDING_FACTS`: what it was given, ordered, or is computed to be.
    Whoever sees the account may say so. Where nobody is appointed, the service leads answer. Not answered in time, it
    escalates.

    Raises:
        NotFound: for an account that the actor may not see.
        Invalid: for a field that there is not, no text, or a text that holds personal data.
        Conflict: where this field is disputed already.
    """
    account = reads.get_account(account_number, by=by)
    _check(field, text, suggested)
    counts = claim_that_counts(account.account_number, field, by=by, at=at)
    steward = _steward(account, field, at)
    # Asked as the system: a customer's own reader may report, too.
    days = org.get_settings(DISPUTE_DAYS, [SettingPlace()], at=at, by=org.system_actor())[0].value
    try:
        with transaction.atomic():
            row = Dispute.objects.create(
                id=ids.new_id(),
                thread_id=ids.new_id(),
                account_number=account.account_number,
                field=field,
                value=counts.fields.get(field, "") if counts else _value_shown(account, field),
                suggested=suggested.strip(),
                text=text.strip(),
                system=counts.system if counts else "",
                learned_at=counts.learned_at if counts else None,
                reported_by_key=by.key,
                reported_by_name=by.name,
                reported_at=at,
                steward_key=steward.person_key if steward else "",
                steward_name=steward.person_name if steward else "",
                due_at=at + timedelta(days=float(days)),
            )
            _tell(row, account, by, at)
            record_entry(_entry(row), by=by)
            publish(FactDisputed(row.thread_id, row.pk, row.account_number, field), by=by)
    except IntegrityError as failure:
        raise Conflict(
            f"The {_words(field)} is disputed already.", where=field, todo="Open the dispute that stands."
        ) from failure
    return row.pk


def _value_shown(account: AccountCard, field: str) -> str:
    """What the account's page says of a fact that no record states; money and scores are not for every reader: ""."""
    since = account.since_at.date().isoformat() if account.since_at else ""
    return {"tier": account.tier.value, "team": account.team, "since": since}.get(field, "")


def _check(field: str, text: str, suggested: str) -> None:
    if field not in DISPUTABLE_FIELDS:
        raise Invalid(
            f"There is no field {field!r}.", where="field", todo=f"Use one of {', '.join(DISPUTABLE_FIELDS)}."
        )
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise Invalid(
            "Say what is wrong.", where="text", todo=f"A sentence or two, at most {LONGEST_TEXT:,} characters."
        )
    if len(suggested) > LONGEST_VALUE:
        raise Invalid("This value is too long.", where="suggested", todo=f"Use at most {LONGEST_VALUE} characters.")
    found = find_sensitive(text)
    if found:
        raise Invalid(
            f"The text seems to hold {' and '.join(found)}.",
            where="text",
            todo="Leave it out; a right value belongs in the field for it.",
        )


def _steward(account: AccountCard, field: str, at: datetime) -> StewardCard | None:
    return org.find_steward(
        DOMAIN_OF_FACT.get(field, "customers"), field, region=account.region, by=org.system_actor(), at=at
    )


def _tell(row: Dispute, account: AccountCard, by: Actor, at: datetime) -> None:
    title = f"{account.name}: the {_words(row.field)} is said to be wrong"
    if row.steward_key:
        notify_people(
            to=[row.steward_key],
            cause=dispute_cause(row.pk),
            title=title[:200],
            body="You answer for this field. Correct it, or say that it stands.",
            link=f"/disputes/{row.pk}/",
            urgent=False,
            thread_id=row.thread_id,
            account_number=row.account_number,
            by=by,
            at=at,
        )
    raise_escalation(
        path=PATH,
        cause=dispute_cause(row.pk),
        title=title,
        summary=f"{row.steward_name or NO_STEWARD} Due {row.due_at:%Y-%m-%d %H:%M} UTC.",
        account_number=row.account_number,
        thread_id=row.thread_id,
        by=by,
        at=at,
    )


def _entry(row: Dispute) -> Entry:
    evidence = {
        "dispute_id": row.pk,
        "field": row.field,
        "system": row.system,
        "assigned_to": row.steward_name or NO_STEWARD,
        "due_at": row.due_at,
        "text": row.text,
    }
    if row.field not in PERSONAL_FIELDS:
        # More people read the ledger than may read what is personal.
        evidence |= {"value": row.value, "suggested": row.suggested}
    return Entry(
        thread_id=row.thread_id,
        kind="fact.disputed",
        subject=f"dispute:{row.pk}",
        sentence=f"{{actor}} says that the {_words(row.field)} of {row.account_number} is wrong.",
        account_number=row.account_number,
        evidence=evidence,
    )


def _words(field: str) -> str:
    return field.replace("_", " ")
