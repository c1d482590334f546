"""Agree with a partner outside which forecasts are shared, for what, how coarse, and until when."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.contracts.sharing import LEAST_ACCOUNTS, LONGEST_AGREEMENT_DAYS, WantedSharing
from closeknit.rooms.demand.models.sharing import SharingAgreement
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing

MOST_ACCOUNTS = 1000


def agree_sharing(wanted: WantedSharing, *, by: Actor, at: datetime) -> UUID:
    """Put an agreement in force and return its id; nothing leaves the house by that.

    Raises:
        NotFound: for an operation of which nothing was observed.
        Invalid: without partner, purpose or fields, for days that have passed or more than two years, or fewer
            accounts per number than 5.
    """
    by.require(Permission.SHARE_FORECAST)
    _check(wanted, at)
    sensing.get_operation(wanted.operation, by=by)
    row = SharingAgreement(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        partner=wanted.partner.strip(),
        operation=wanted.operation,
        purpose=wanted.purpose.strip(),
        detail=wanted.detail.value,
        period=wanted.period.value,
        fields=[field.value for field in wanted.fields],
        from_on=wanted.from_on,
        until_on=wanted.until_on,
        least_accounts=wanted.least_accounts,
        agreed_at=at,
        agreed_by_key=by.key,
        agreed_by_name=by.name_for(Permission.SHARE_FORECAST),
    )
    with transaction.atomic():
        row.save(force_insert=True)
        record_entry(_entry(row, by), by=by)
    return row.pk


def _check(wanted: WantedSharing, at: datetime) -> None:
    if not wanted.partner.strip() or len(wanted.partner) > 200:
        raise Invalid("With whom is it shared?", where="partner", todo="Name the partner, in 200 characters at most.")
    if not wanted.purpose.strip():
        raise Invalid("What is it shared for?", where="purpose", todo="Say the purpose in a sentence.")
    if not wanted.fields:
        raise Invalid("Nothing would be shared.", where="fields", todo="Choose mean, low or high.")
    if wanted.until_on <= wanted.from_on or wanted.until_on <= at.date():
        raise Invalid("It would hold on no day.", where="until_on", todo="Let it end after it begins, and after today.")
    if (wanted.until_on - wanted.from_on).days > LONGEST_AGREEMENT_DAYS:
        raise Invalid("It would hold for more than two years.", where="until_on", todo="Agree anew by then.")
    if not LEAST_ACCOUNTS <= wanted.least_accounts <= MOST_ACCOUNTS:
        raise Invalid(
            f"Numbers of fewer than {LEAST_ACCOUNTS} accounts tell about single ones.",
            where="least_accounts",
            todo=f"Use {LEAST_ACCOUNTS} to {MOST_ACCOUNTS}.",
        )


def _entry(row: SharingAgreement, by: Actor) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="sharing.agreed",
        subject=f"sharing:{row.pk}",
        sentence=(
            f"{{actor}}{by.behalf(Permission.SHARE_FORECAST)} agreed to share the forecast of {row.operation} with "
            f"{row.partner} from {row.from_on} to {row.until_on}, by {row.period} and {row.detail}, for: {row.purpose}"
        ),
        evidence={
            "agreement_id": row.pk,
            "partner": row.partner,
            "operation": row.operation,
            "detail": row.detail,
            "period": row.period,
            "fields": row.fields,
            "from_on": row.from_on,
            "until_on": row.until_on,
            "least_accounts": row.least_accounts,
        },
    )
