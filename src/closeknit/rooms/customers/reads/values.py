"""What accounts are worth, as of any day."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers.compute.value_rows import inputs_of_rows, results_digest
from closeknit.rooms.customers.compute.value_words import say_habit, say_spending
from closeknit.rooms.customers.compute.values import CODE_VERSION, ORDERED_BY_ALL, value_accounts
from closeknit.rooms.customers.contracts import AccountValue, ValueFactor, ValueRun
from closeknit.rooms.customers.models import Account, ValueRow, WorthRun
from closeknit.rooms.customers.reads.accounts import get_account, left_out, visible_accounts
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact

CENT = Decimal("0.01")


OPTED_OUT = (
    "It opted out of being valued, scored and moved between tiers: it keeps its tier,"
    " and is served no worse than the standard."
)


def find_run(at: datetime) -> WorthRun | None:
    """Return the newest run as of an instant's day."""
    return WorthRun.objects.filter(as_of_on__lte=at.date()).order_by("as_of_on").last()


def run_before(run: WorthRun) -> WorthRun | None:
    """Return the run before a run."""
    return WorthRun.objects.filter(as_of_on__lt=run.as_of_on).order_by("as_of_on").last()


def list_values(*, by: Actor, at: datetime, tier: str = "", limit: int = 100) -> list[AccountValue]:
    """Return values in force at an instant of the accounts that the actor may see, the most valuable first.

    The order tells of money, so it needs the right to read money; accounts without a value come last, by number.
    """
    by.require(Permission.READ_MONEY)
    run = find_run(at)
    if run is None:
        return []
    accounts = visible_accounts(by, Permission.READ_MONEY)
    if tier:
        accounts = accounts.filter(tier=tier)
    rows = ValueRow.objects.filter(run=run)
    if tier or not by.scope_of(Permission.READ_MONEY).every_account:
        rows = rows.filter(account_number__in=accounts.values("account_number"))
    # In Postgres nulls come first when descending.
    found = list(rows.filter(value__isnull=False).order_by("-value", "account_number")[:limit])
    if len(found) < limit:
        found += list(rows.filter(value=None).order_by("account_number")[: limit - len(found)])
    hidden = left_out([row.account_number for row in found], by=by, at=at)
    return _cards(run, [row for row in found if row.account_number not in hidden], by)


def count_values(*, by: Actor, at: datetime) -> tuple[int, int]:
    """Return how many of the accounts that the actor may see have a value at an instant, and of how many."""
    by.require(Permission.READ_ACCOUNTS)
    run = find_run(at)
    if run is None:
        return 0, 0
    rows = ValueRow.objects.filter(run=run)
    if not by.scope_of(Permission.READ_ACCOUNTS).every_account:
        rows = rows.filter(account_number__in=visible_accounts(by).values("account_number"))
    return rows.filter(value__isnull=False).count(), rows.count()


def get_value(account_number: str, *, by: Actor, at: datetime) -> AccountValue:
    """Return one account's value at an instant; without one it says why there is none.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    account = get_account(account_number, by=by)
    run = find_run(at)
    if left_out([account.account_number], by=by, at=at):
        return _nothing(account_number, account.name, account.tier.value, None, OPTED_OUT)
    row = ValueRow.objects.filter(run=run, account_number=account.account_number).first() if run else None
    if run is None or row is None:
        why = "No account has been valued by then." if run is None else "It had no orders and no contract by then."
        return _nothing(account_number, account.name, account.tier.value, run, why)
    return _cards(run, [row], by)[0]


def list_value_runs(*, by: Actor, limit: int = 60) -> list[ValueRun]:
    """Return the runs that made values, newest first."""
    by.require(Permission.READ_INTERNAL)
    by.require(Permission.READ_MONEY)
    return [_run(row) for row in WorthRun.objects.order_by("-as_of_on")[:limit]]


def get_value_run(run_id: UUID, *, by: Actor) -> ValueRun:
    """Return one run.

    Raises:
        NotFound: where there is none.
    """
    by.require(Permission.READ_INTERNAL)
    by.require(Permission.READ_MONEY)
    row = WorthRun.objects.filter(pk=run_id).first()
    if row is None:
        raise NotFound("There is no such run.", where=str(run_id), todo="See: closeknit customers values --runs.")
    return _run(row)


def replay_values(run_id: UUID, *, by: Actor) -> tuple[bool, str]:
    """Make a run's values again from what was kept: whether every bit is the same, and a sentence."""
    run = get_value_run(run_id, by=by)
    now, count = values_made_again(run_id, by=by)
    if now == run.result_digest:
        return True, f"All {count:,} values come out the same, bit for bit."
    if run.code_version != CODE_VERSION:
        return False, f"Made by {run.code_version}; this is {CODE_VERSION}, which values otherwise."
    return False, "The values differ: what was kept was changed, or this machine counts otherwise."


def values_made_again(run_id: UUID, *, by: Actor) -> tuple[str, int]:
    """Return the digest of a run's values made again from what was kept, and of how many accounts.

    Raises:
        NotFound: for a run that is not there, or for who does not read the ledger over every account: all of them go
            into a model.
    """
    by.require(Permission.READ_LEDGER)
    run = WorthRun.objects.filter(pk=run_id).first()
    if run is None or not by.scope_of(Permission.READ_LEDGER).every_account:
        raise NotFound("There is no such run.", where=str(run_id))
    rows = dict(ValueRow.objects.filter(run=run).values_list("account_number", "inputs"))
    # As they were made: by Python's order of text, not the database's.
    kept = {number: rows[number] for number in sorted(rows)}
    settings = dict(run.settings_json)
    got = value_accounts(inputs_of_rows(kept), weeks=settings["weeks"], discount_share=settings["discount_share"])
    return results_digest(got), len(kept)


def _cards(run: WorthRun, rows: Sequence[ValueRow], by: Actor) -> list[AccountValue]:
    numbers = [row.account_number for row in rows]
    accounts = Account.objects.filter(account_number__in=numbers)
    names = {
        number: (name, tier, why)
        for number, name, tier, why in accounts.values_list("account_number", "name", "tier", "tier_reason")
    }
    before = run_before(run)
    valued = ValueRow.objects.filter(run=before, account_number__in=numbers, value__isnull=False) if before else []
    earlier = {row.account_number: row.value for row in valued if row.value is not None}
    return redact((_card(run, row, names, earlier) for row in rows), by=by)


def _card(
    run: WorthRun, row: ValueRow, names: dict[str, tuple[str, str, str]], earlier: dict[str, float]
) -> AccountValue:
    name, tier, tier_reason = names.get(row.account_number, (row.account_number, "", ""))
    kept, inputs = dict(run.settings_json), dict(row.inputs)
    model = dict(run.models_json).get("contracts" if row.kind == "contract" else row.currency or "no currency", {})
    return AccountValue(
        account_number=row.account_number,
        name=name,
        tier=tier,
        as_of_on=run.as_of_on,
        kind=row.kind,
        why_not=row.why_not,
        currency=row.currency,
        weeks=kept["weeks"],
        value=_money(row.value),
        low=_money(row.low),
        high=_money(row.high),
        previous_value=_money(earlier.get(row.account_number)),
        factors=tuple(_factors(row, inputs, kept)),
        margin_share=inputs["margin_share"],
        is_margin_stated=inputs["is_margin_stated"],
        chance_to_stay=row.chance_to_stay,
        orders=round(inputs["frequency"]) + 1 if inputs["last_day"] is not None else 0,
        weeks_since_last=inputs["age"] - inputs["recency"] if inputs["last_day"] is not None else None,
        model=_said(run, model),
        habit=say_habit(inputs),
        spending=say_spending(inputs, _ordered_by_all(run, inputs["currency"])),
        tier_reason=tier_reason,
        observed_until_on=run.observed_until_on,
        run_id=run.pk,
        thread_id=run.thread_id,
    )


def _factors(row: ValueRow, inputs: dict[str, Any], kept: dict[str, Any]) -> Iterable[ValueFactor]:
    """The value as a product, in the order that a person would tell it."""
    if row.value is None or row.expected_orders is None or row.expected_spend is None or row.discount_factor is None:
        return
    margin = inputs["margin_share"]
    stated = "stated by people" if inputs["is_margin_stated"] else "nobody has stated a margin, so all of it counts"
    if row.kind == "orders":
        yield ValueFactor("orders", row.expected_orders, f"orders expected in {kept['weeks']} weeks")
        yield ValueFactor("spend", row.expected_spend, f"{row.currency} expected in an order")
        yield ValueFactor("discount", row.discount_factor, "as later money is worth less")
    else:
        yield ValueFactor("yearly", row.expected_spend, f"{row.currency} ordered in the last year")
        yield ValueFactor("years", row.discount_factor, "years that it is expected to stay, later ones worth less")
        if row.expected_orders != 1.0:
            yield ValueFactor("part", row.expected_orders, "of whole years lie within the weeks that count")
    yield ValueFactor("margin", margin, f"of it is margin: {stated}")


def _said(run: WorthRun, model: dict[str, Any]) -> str:
    notes = " ".join(model.get("notes", []))
    law = model.get("law", "none")
    return f"{run.code_version}, {law}, fitted on {model.get('accounts', 0):,} accounts. {notes}".strip()


def _nothing(number: str, name: str, tier: str, run: WorthRun | None, why: str) -> AccountValue:
    return AccountValue(
        account_number=number,
        name=name,
        tier=tier,
        as_of_on=run.as_of_on if run else None,
        kind="",
        why_not=why,
        currency="",
        weeks=0,
        value=None,
        low=None,
        high=None,
        previous_value=None,
        factors=None,
        margin_share=None,
        is_margin_stated=False,
        chance_to_stay=None,
        orders=None,
        weeks_since_last=None,
        model=None,
        habit=None,
        spending=None,
        tier_reason=None,
        observed_until_on=run.observed_until_on if run else None,
        run_id=run.pk if run else None,
        thread_id=run.thread_id if run else None,
    )


def _ordered_by_all(run: WorthRun, currency: str) -> float | None:
    total = dict(run.models_json).get(currency or "no currency", {}).get(ORDERED_BY_ALL)
    return float(total) if total else None


def _money(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value)).quantize(CENT)


def _run(row: WorthRun) -> ValueRun:
    return ValueRun(
        run_id=row.pk,
        thread_id=row.thread_id,
        as_of_on=row.as_of_on,
        computed_at=row.computed_at,
        computed_by=row.computed_by,
        accounts=row.accounts,
        valued=row.valued,
        code_version=row.code_version,
        input_digest=row.input_digest,
        result_digest=row.result_digest,
        models=row.models_json,
        settings=row.settings_json,
    )
