"""What people say and find of an account of another team, by the real actions: more that Bob must not meet.

Overrides, assumptions, insights, sales opportunities and forecast exceptions of the foreign account of the small
company, with words of its canaries in every text, and a forecast that counts them.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from tests.cast import enter
from tests.small_company import AT, FOREIGN, SmallCompany, deliver_all

WINDOW = {"from_on": date(2026, 3, 9), "to_on": date(2026, 3, 16)}
SALES = """
recipe: small-sales
title: Sales of the small company
time_zone: Europe/Berlin
streams:
  - name: opportunities
    from: opportunities.csv
    into: opportunity
    fields: {opportunity_number: number, account_number: account, operation: {value: warehouse},
             service: {value: picking}, stage: stage, units_per_week: units, opened_on: opened,
             expected_close_on: closes, starts_on: starts, stated_share: chance}
"""
OPPORTUNITIES = f"""number,account,stage,units,opened,closes,starts,chance
O-ACME,ACME,proposal,40,2026-01-05,2026-03-02,2026-03-09,0.5
O-QZX7,{FOREIGN},proposal,30,2026-01-05,2026-03-02,2026-03-09,0.5
"""


def say_what_is_known(folder: Path, company: SmallCompany) -> dict[str, list[Any]]:
    """Say and find everything; return the ids, by the names of the addresses' curly parts."""
    sell(folder)
    found = {"override_id": change(), "assumption_id": assume(), "insight_id": know()}
    forecast_again()
    found["finding_of"] = find(folder, company.run_id)
    deliver_all()
    plain = {"kind": "multiply", "size": 1.1, **WINDOW}
    asked = [urlencode({**plain, "operation": "warehouse", "account_number": account}) for account in ("ACME", FOREIGN)]
    return {name: [str(made) for made in ids] for name, ids in found.items()} | {
        "override_query": asked,
        "author_key": [enter("alice").key, enter("bob").key],
        "operation": ["warehouse"],
    }


def sell(folder: Path) -> None:
    """Load an opportunity of each account."""
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    sales = folder / "sales"
    sales.mkdir()
    (sales / "recipe.yaml").write_text(SALES, encoding="utf-8")
    (sales / "opportunities.csv").write_text(OPPORTUNITIES, encoding="utf-8")
    load_recipe(str(sales / "recipe.yaml"), sales, by=enter("alice"), at=AT)
    deliver_all()


def change() -> list[UUID]:
    """Override both accounts' forecasts; Alice takes one of the foreign account's back."""
    from closeknit.rooms.demand.actions.withdraw_override import withdraw_override
    from closeknit.rooms.demand.contracts import AdjustedPlace
    from closeknit.rooms.demand.tests.overriding import override

    about = {**WINDOW, "place": AdjustedPlace(account_number=FOREIGN), "source": "A call to Quetzal Mills"}
    kept, withdrawn = (override(reason="Quetzal Mills orders more.", **about) for _ in range(2))
    withdraw_override(withdrawn, reason="Quetzal Mills says no.", replan=False, by=enter("alice"), at=AT)
    return [kept, withdrawn, override("bob")]


def assume() -> list[UUID]:
    """Assume something of the foreign account's peak."""
    from closeknit.rooms.demand.actions.record_assumption import record_assumption
    from closeknit.rooms.demand.contracts import AdjustedPlace, AdjustmentKind, WantedAssumption

    wanted = WantedAssumption(
        operation="warehouse",
        scenario="peak",
        statement="Quetzal Mills doubles.",
        place=AdjustedPlace(account_number=FOREIGN),
        kind=AdjustmentKind.MULTIPLY,
        size=2.0,
        **WINDOW,
    )
    return [record_assumption(wanted, by=enter("alice"), at=AT)]


def know() -> list[UUID]:
    """Know something of both accounts; of the foreign one also what only few may read."""
    from closeknit.rooms.customers.tests.knowing import know as record

    said = {"account_number": FOREIGN, "text": "Quetzal Mills closes a hall.", "at": AT, **WINDOW}
    secret = {"size": 0.4, "is_sensitive": True, "sensitive_reason": "Quetzal Mills told it in confidence."}
    alice = enter("alice")
    return [record(alice, **said), record(alice, **said, **secret), record(enter("bob"), at=AT, **WINDOW)]


def forecast_again() -> None:
    """Forecast with all of this, as planned by and in the scenario."""
    from closeknit.rooms.demand.actions.refresh_forecast import refresh_forecast
    from closeknit.rooms.demand.actions.request_scenario import request_scenario
    from closeknit.rooms.demand.contracts import RunPurpose
    from closeknit.rooms.demand.models import ForecastRun
    from closeknit.rooms.demand.tests.overriding import forecast

    run_id = forecast(weeks=2)
    assert len(ForecastRun.objects.get(pk=run_id).adjustments) > 3
    alice = enter("alice")
    asked = {"weeks": 2, "by": alice}
    thread_id = request_scenario("warehouse", "peak", **asked)
    tried = {"purpose": RunPurpose.SCENARIO, "scenario": "peak"}
    refresh_forecast("warehouse", as_of=None, thread_id=thread_id, at=AT, **asked, **tried)


def find(folder: Path, run_id: UUID) -> list[UUID]:
    """Let a week come that nobody forecast; comment on the foreign account's exception and close it."""
    from closeknit.rooms.demand.actions.assign_forecast_exception import comment_forecast_exception
    from closeknit.rooms.demand.actions.close_forecast_exception import close_forecast_exception
    from closeknit.rooms.demand.contracts import FindingKind
    from closeknit.rooms.demand.models import ForecastException
    from closeknit.rooms.demand.tests.coming import LATER, come_in, raise_all, score

    come_in(folder, factor=1.7)
    assert score() > 0
    assert raise_all() > 0
    theirs = ForecastException.objects.filter(account_number=FOREIGN).first()
    acts = {"by": enter("alice"), "at": LATER + timedelta(minutes=5)}
    comment_forecast_exception(theirs.pk, text="I asked Quetzal Mills.", **acts)
    close_forecast_exception(theirs.pk, finding=FindingKind.UNEXPLAINED, text="Quetzal Mills does not say.", **acts)
    return list(ForecastException.objects.values_list("pk", flat=True))
