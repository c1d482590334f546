"""Say what every account is worth, as of a day: once a week, kept with all that it was made of."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import digest
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.compute.value_rows import inputs_of_rows, results_digest, row_inputs
from closeknit.rooms.customers.compute.values import (
    CODE_VERSION,
    ORDERED_BY_ALL,
    observed_until,
    order_histories,
    value_accounts,
)
from closeknit.rooms.customers.contracts import (
    DISCOUNT,
    MARGIN,
    OBSERVED_UNTIL,
    RENEWAL,
    VALUE_WEEKS,
    ValuedAccounts,
    ValuesRefreshed,
)
from closeknit.rooms.customers.models import ValueRow, WorthRun
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import Level, SettingPlace
from closeknit.rooms.privacy import reads as privacy
from closeknit.rooms.privacy.actions.decide_with import deciding_about_many
from closeknit.rooms.privacy.contracts import TIERING
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FactKind, PurchaseDays

AT_ONCE = 2000
EPOCH = date(1970, 1, 1)


def refresh_values(*, on: date, by: Actor, at: datetime) -> UUID:
    """Value every account from what was observed before a day; return the run. One run a day: a second is the first.

    Who opted out of tiering is not valued. Whoever opts out meanwhile is left out as well: values are computed anew.

    Raises:
        Denied: without the right to run plans over every account.
        Invalid: for a day that is not over yet.
    """
    by.require(Permission.RUN_PLAN)
    if on > at.date():
        raise Invalid(
            "What will be ordered by that day is not known yet.", where="on", todo="Choose today or a day past."
        )
    present = WorthRun.objects.filter(as_of_on=on).first()
    if present is not None:
        return present.pk
    while True:
        run_id = _value(on, by, at)
        if run_id is not None:
            return run_id


def _value(on: date, by: Actor, at: datetime) -> UUID | None:
    """Compute and keep; None where somebody opted out meanwhile."""
    days = sensing.purchase_days(until=datetime.combine(on, time(), UTC), by=by)
    until_day = observed_until(days, (on - EPOCH).days - 1)
    settings = _settings(by, at) | {OBSERVED_UNTIL: (EPOCH + timedelta(days=until_day)).isoformat()}
    kept = _inputs(days, until_day, on, by, at)
    got = value_accounts(inputs_of_rows(kept), weeks=settings["weeks"], discount_share=settings["discount_share"])
    run = WorthRun(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        as_of_on=on,
        computed_at=at,
        computed_by=by.name,
        code_version=CODE_VERSION,
        models_json=dict(got.models),
        settings_json=dict(settings),
        input_digest=digest([settings, kept]),
        result_digest=results_digest(got),
        accounts=len(kept),
        valued=sum(kind != "" for kind in got.kind),
    )
    with deciding_about_many(TIERING, kept, by=by, at=at) as refused:
        if refused:
            return None
        # Whoever comes second waits here and finds the first one's run.
        _, is_first = WorthRun.objects.get_or_create(as_of_on=on, defaults=_columns(run))
        if not is_first:
            return WorthRun.objects.get(as_of_on=on).pk
        ValueRow.objects.bulk_create(_rows(run, kept, got), batch_size=AT_ONCE)
        record_entry(_entry(run), by=by)
        publish(ValuesRefreshed(run.thread_id, run.pk), by=by)
    return run.pk


def _settings(by: Actor, at: datetime) -> dict[str, Any]:
    weeks, discount = (org.get_setting(each, at=at, by=by).value for each in (VALUE_WEEKS, DISCOUNT))
    return {"weeks": int(weeks), "discount_share": float(discount)}


def _inputs(days: PurchaseDays, until_day: int, on: date, by: Actor, at: datetime) -> dict[str, dict[str, Any]]:
    golden = reads.golden_numbers(by=by, at=at)
    histories = order_histories(days, until_day, golden)
    contracts = _contracts(on, golden, by)
    accounts = {key.account_number: key for key in reads.list_account_keys(by=by)}
    known = ((set(histories) | set(contracts)) & set(accounts)) - set(golden)
    numbers = sorted(known - privacy.list_refused(TIERING, known, by=by, at=at))
    places = [SettingPlace(tier=accounts[number].tier.value, account_number=number) for number in numbers]
    margins = org.get_settings(MARGIN, places, at=at, by=by)
    renewals = org.get_settings(RENEWAL, places, at=at, by=by)
    return {
        number: row_inputs(
            histories.get(number),
            contracts.get(number),
            margin_share=float(margin.value),
            is_margin_stated=margin.level is not Level.DEFAULT,
            renewal_share=float(renewal.value),
        )
        for number, margin, renewal in zip(numbers, margins, renewals, strict=True)
    }


def _contracts(on: date, golden: Mapping[str, str], by: Actor) -> dict[str, dict[str, Any]]:
    """Years under contract of each account with terms of its own, and whether all of them have ended."""
    found: dict[str, dict[str, Any]] = {}
    for fact in sensing.list_facts(FactKind.TERM, by=by):
        body: Mapping[str, Any] = fact.body
        if not body["account_number"] or not body.get("contract_number"):
            continue
        starts = date.fromisoformat(body["starts_on"])
        ends = date.fromisoformat(body["ends_on"]) if body["ends_on"] else date.max
        if starts >= on:
            continue
        number = golden.get(body["account_number"], body["account_number"])
        known = found.setdefault(number, {"starts": starts, "ends": ends})
        known["starts"], known["ends"] = min(known["starts"], starts), max(known["ends"], ends)
    return {
        number: {
            "contract_years": (min(known["ends"], on) - known["starts"]) / timedelta(days=365.25),
            "has_left": known["ends"] <= on,
        }
        for number, known in found.items()
    }


def _columns(run: WorthRun) -> dict[str, Any]:
    return {each.attname: getattr(run, each.attname) for each in WorthRun._meta.concrete_fields}


def _rows(run: WorthRun, kept: Mapping[str, dict[str, Any]], got: ValuedAccounts) -> list[ValueRow]:
    names = {
        "chance_to_stay": got.chance_to_stay,
        "expected_orders": got.expected_orders,
        "expected_spend": got.expected_spend,
        "discount_factor": got.discount_factor,
        "value": got.value,
        "low": got.low,
        "high": got.high,
    }
    return [
        ValueRow(
            run=run,
            account_number=number,
            currency=inputs["currency"],
            kind=got.kind[place],
            why_not=got.why_not[place],
            inputs=inputs,
            **{name: None if np.isnan(column[place]) else float(column[place]) for name, column in names.items()},
        )
        for place, (number, inputs) in enumerate(kept.items())
    ]


def _entry(run: WorthRun) -> Entry:
    notes = [note for model in run.models_json.values() for note in model.get("notes", [])]
    return Entry(
        thread_id=run.thread_id,
        kind="values.refreshed",
        subject=f"values:{run.as_of_on}",
        sentence=f"Valued {run.valued:,} of {run.accounts:,} accounts as of {run.as_of_on}."
        + (f" {' '.join(notes)}" if notes else ""),
        evidence={
            "run_id": run.pk,
            "accounts": run.accounts,
            "valued": run.valued,
            "input_digest": run.input_digest,
            "result_digest": run.result_digest,
            "models": {
                name: {word: said for word, said in model.items() if word != ORDERED_BY_ALL}
                for name, model in run.models_json.items()
            },
            "settings": run.settings_json,
        },
    )
