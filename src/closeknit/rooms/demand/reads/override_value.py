"""What overriding was worth: by author, reason and segment, and the policy table that says where it pays."""

from django.db.models import Count, F, Sum
from django.db.models.functions import Abs

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.demand.compute.override_worth import GROUPS, LEAST_OVERRIDES, Measured, value_row, value_rows
from closeknit.rooms.demand.contracts import AdjustedPlace, OverrideVerdict, OverrideWorth, ValueRow
from closeknit.rooms.demand.models import OverrideWeek
from closeknit.rooms.demand.reads.adjustments import visible_accounts

RECENT = 50
"""The record that is shown to who makes an override: this many of the newest measured ones."""


def list_override_value(*, by: Actor, group: str = "cell", operation: str = "") -> list[ValueRow]:
    """Return what overrides that the actor may see were worth, by group: see `compute.GROUPS`. "cell": the policy."""
    measured = _measured(by, operation)
    if group not in GROUPS:
        raise Invalid(f"There is no group {group!r}.", where="group", todo=f"Take one of {', '.join(GROUPS)}.")
    return value_rows(measured, group)


def get_override_value(*, by: Actor, operation: str = "") -> ValueRow:
    """Return what all overrides that the actor may see were worth together."""
    return value_row("all", "every override", _measured(by, operation))


def describe_record(operation: str, place: AdjustedPlace, *, is_more: bool, by: Actor) -> str:
    """Return what changes like this were worth so far, in a sentence for who is about to make one; "" where none was.

    The actor's own record where it is long enough, else everybody's.
    """
    alike = [
        one for one in _measured(by, operation)[:RECENT] if one.service == place.service and one.is_more == is_more
    ]
    own = [one for one in alike if one.author_key == by.key]
    chosen, whose = (own, "Your") if len(own) >= LEAST_OVERRIDES else (alike, "The")
    if not chosen:
        return ""
    row = value_row("cell", "", chosen)
    what = f"{'increases' if is_more else 'decreases'} of {place.service or 'all services'}"
    if row.mean_share is None or row.low_share is None:
        return f"{whose} last {len(chosen)} {what}: too few to say whether they help."
    effect = "better" if row.mean_share >= 0 else "worse"
    doubt = "" if row.verdict is not OverrideVerdict.UNKNOWN else " (it may be chance)"
    return f"{whose} last {len(chosen)} {what} made it {effect} by {abs(row.mean_share):.0%} of the work{doubt}."


def _measured(by: Actor, operation: str) -> list[Measured]:
    """Return every measured override in sight, the newest first."""
    rows = OverrideWeek.objects.filter(visible_accounts(by=by))
    if operation:
        rows = rows.filter(override__operation=operation)
    about = ("author_key", "author_name", "reason_kind", "service", "region", "tier", "account_number", "made_at")
    sums = (
        rows.order_by()
        .values("override_id", *(f"override__{name}" for name in about))
        .annotate(
            weeks=Count("pk"),
            actual=Sum("units_actual"),
            before=Sum(Abs(F("units_actual") - F("units_before"))),
            after=Sum(Abs(F("units_actual") - F("units_after"))),
            change=Sum(F("units_after") - F("units_before")),
        )
        .order_by("-override__made_at", "override_id")
    )
    return [
        Measured(
            override_id=str(row["override_id"]),
            author_key=row["override__author_key"],
            author=row["override__author_name"],
            reason_kind=row["override__reason_kind"],
            service=row["override__service"],
            region=row["override__region"],
            tier=row["override__tier"],
            account_number=row["override__account_number"],
            is_more=row["change"] >= 0,
            worth=OverrideWorth(row["weeks"], row["actual"], row["before"], row["after"]),
        )
        for row in sums
    ]
