"""From days of orders and contracts to what each account is worth. Pure: no database."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.engine import customers as engine
from closeknit.engine.errors import EngineError
from closeknit.rooms.customers.compute.value_rows import HISTORY
from closeknit.rooms.customers.contracts.values import ValuedAccounts, ValueInputs
from closeknit.rooms.sensing.contracts import PurchaseDays

CODE_VERSION = "value/2"
WEEKS_A_YEAR = 52
FEWEST_REPEATERS = 30
FEWEST_LEFT = 10
QUIET_DAYS = 7
CENT = 0.005
ORDERED_BY_ALL = "ordered_last_year"
LEVELS = (0.1, 0.9)
Floats = NDArray[np.float64]
Numbers = Mapping[str, Any]


def observed_until(days: PurchaseDays, until_day: int) -> int:
    """Return the last day of which orders are known: the day asked for, or the newest order where a week brought none.

    Where nobody at all ordered for more than a week, the source has paused, not every customer at once; such silence
    counts against nobody.
    """
    known = days.day[(days.day <= until_day) & days.has_order]
    newest = int(known.max()) if known.size else until_day
    return newest if until_day - newest > QUIET_DAYS else until_day


def order_histories(
    days: PurchaseDays, until_day: int, golden_numbers: Mapping[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """Return each account's history in the currency that most of its money is in; returns lower the orders before.

    An order day that was given back whole is none, however much it said. What was ordered under a number that was
    merged away belongs to its golden number. Of what was ordered in other currencies only the currencies are told.
    """
    golden = golden_numbers or {}
    by_account: dict[str, dict[str, list[int]]] = {}
    for place, (number, currency) in enumerate(zip(days.account_number, days.currency, strict=True)):
        by_account.setdefault(golden.get(number, number), {}).setdefault(currency, []).append(place)
    found = {}
    for number, places in by_account.items():
        totals = {currency: float(np.abs(days.net[rows]).sum()) for currency, rows in places.items()}
        main = max(sorted(totals), key=lambda currency: totals[currency])
        history = _history(days, np.array(places[main]), until_day)
        if history:
            found[number] = {"currency": main, "others": sorted(set(totals) - {main}), **history}
    return found


def _history(days: PurchaseDays, rows: NDArray[np.int64], until_day: int) -> dict[str, Any]:
    rows = rows[days.day[rows] <= until_day]
    # Two numbers of one account may have ordered on one day: that is one order day.
    every_day, place = np.unique(days.day[rows], return_inverse=True)
    amount = np.bincount(place, weights=days.net[rows], minlength=every_day.size)
    has_order = np.bincount(place, weights=days.has_order[rows], minlength=every_day.size) > 0
    orders = np.flatnonzero(has_order)
    if orders.size == 0:
        return {}
    # A return belongs to the order before it; one before any order is of a time that was not observed.
    owner = np.searchsorted(orders, np.arange(every_day.size), side="right") - 1
    said = np.bincount(owner[owner >= 0], weights=amount[owner >= 0], minlength=orders.size)
    net = _after_returns(said.astype(np.float64))
    stands = net >= CENT
    given_back = int(orders.size - stands.sum())
    if given_back == orders.size:
        return dict.fromkeys(HISTORY, 0.0) | {"given_back": given_back, "last_day": None}
    day, net = every_day[orders][stands], net[stands]
    again = net[1:][net[1:] > 0.0]
    year, half = day > until_day - 364, day > until_day - 182
    before = (day <= until_day - 182) & year
    return {
        "frequency": float(day.size - 1),
        "recency": float(day[-1] - day[0]) / 7.0,
        "age": float(until_day - day[0]) / 7.0,
        "mean_spend": float(again.mean()) if again.size else 0.0,
        "spend_days": float(again.size),
        "last_year": float(net[year].sum()),
        "last_year_sd": float(np.sqrt(np.sum(net[year] ** 2))),
        "last_half": float(net[half].sum()),
        "half_before": float(net[before].sum()),
        "given_back": given_back,
        "last_day": int(day[-1]),
    }


def _after_returns(net: Floats) -> Floats:
    """Return what is left of each order: what was given back beyond an order was of the orders before it."""
    left, owed = net.copy(), 0.0
    if np.all(left >= 0.0):
        return left
    for place in range(left.size - 1, -1, -1):
        owed += left[place]
        left[place], owed = max(owed, 0.0), min(owed, 0.0)
    return left


def value_accounts(inputs: ValueInputs, *, weeks: int, discount_share: float) -> ValuedAccounts:
    """Return what each account is worth over the weeks ahead, by repeat purchases or by margin and stay.

    Accounts under contract are valued by what they brought in a year, its margin and how long such accounts stay;
    everybody else by repeat purchases, one model per currency. What a model refuses has no value, and says why.
    """
    size = len(inputs.account_number)
    out = {name: np.full(size, np.nan) for name in ("chance", "orders", "spend", "factor", "value", "low", "high")}
    kind, why_not = np.full(size, "", dtype=object), np.full(size, "", dtype=object)
    models: dict[str, Any] = {}
    under_contract = ~np.isnan(inputs.contract_years) & ~inputs.has_left & (inputs.last_year > 0.0)
    currencies = np.array(inputs.currency, dtype=object)
    for currency in sorted(set(inputs.currency)):
        buyers = np.flatnonzero((currencies == currency) & ~under_contract & (inputs.age > 0.0))
        said = _value_buyers(inputs, buyers, weeks, discount_share, out, kind, why_not)
        ordered = float(inputs.last_year[currencies == currency].sum())
        models[currency or "no currency"] = said | {ORDERED_BY_ALL: ordered}
    stay_model = _value_contracts(inputs, np.flatnonzero(under_contract), weeks, discount_share, out, kind)
    if stay_model:
        models["contracts"] = stay_model
    nothing = (kind == "") & (why_not == "")
    why_not[nothing] = "It has no orders and no contract yet that a value could be made of."
    why_not[nothing & (currencies != "") & (inputs.last_year <= 0.0)] = "All that it ordered was given back."
    why_not[nothing & (inputs.last_year > 0.0)] = (
        "It ordered first on the last day that counts, which tells nothing yet of whether it comes again."
    )
    return ValuedAccounts(
        kind=tuple(kind.tolist()),
        why_not=tuple(np.where(kind == "", why_not, "").tolist()),
        chance_to_stay=out["chance"],
        expected_orders=out["orders"],
        expected_spend=out["spend"],
        discount_factor=out["factor"],
        value=out["value"],
        low=out["low"],
        high=out["high"],
        models=models,
    )


def _value_buyers(
    inputs: ValueInputs,
    rows: NDArray[np.int64],
    weeks: int,
    discount_share: float,
    out: dict[str, Floats],
    kind: NDArray[Any],
    why_not: NDArray[Any],
) -> dict[str, Any]:
    x, tx, age = inputs.frequency[rows], inputs.recency[rows], inputs.age[rows]
    repeats = int(np.sum(x > 0))
    if repeats < FEWEST_REPEATERS:
        reason = f"Only {repeats} accounts have ordered again in this currency; a model needs {FEWEST_REPEATERS}."
        why_not[rows] = reason
        return {"refused": reason, "accounts": int(rows.size)}
    try:
        purchases, said = _fit_purchases(x, tx, age)
        counted = inputs.spend_days[rows] > 0
        spend = engine.fit_spend(inputs.spend_days[rows][counted], inputs.mean_spend[rows][counted])
    except EngineError as failure:
        why_not[rows] = f"The model could not be fitted: {failure}."
        return {"refused": str(failure), "accounts": int(rows.size)}
    # Where all that was ordered again came back, the mean of everybody stands in.
    usual = spend.p * spend.v / (spend.q - 1.0)
    mean_spend = np.where(x > 0, np.where(inputs.mean_spend[rows] > 0.0, inputs.mean_spend[rows], usual), 0.0)
    got = engine.purchase_value(
        purchases,
        spend,
        x,
        tx,
        age,
        mean_spend,
        periods=float(weeks),
        discount_per_period=-np.expm1(np.log1p(-discount_share) / WEEKS_A_YEAR),
        quantile_levels=LEVELS,
    )
    margin = inputs.margin_share[rows]
    # Where leaving is not measured, a chance of 1 would be no finding but the law's assumption.
    out["chance"][rows] = np.nan if purchases.law == "nbd" else got.chance_alive
    out["orders"][rows] = got.expected_purchases
    out["spend"][rows], out["factor"][rows] = got.expected_spend, got.discount_factor
    out["value"][rows] = got.mean * margin
    out["low"][rows], out["high"][rows] = got.quantiles[0] * margin, got.quantiles[1] * margin
    kind[rows] = "orders"
    return {
        "law": purchases.law,
        "parameters": dict(zip(("r", "alpha", "a", "b"), purchases.parameters, strict=True)),
        "standard_errors": purchases.estimate.standard_errors.tolist() if purchases.estimate else [],
        "log_likelihood": purchases.estimate.log_likelihood if purchases.estimate else None,
        "spend": {"p": spend.p, "q": spend.q, "v": spend.v},
        "spend_frequency_correlation": spend.frequency_correlation,
        "accounts": int(rows.size),
        "ordered_again": repeats,
        **said,
    }


def _fit_purchases(x: Floats, tx: Floats, age: Floats) -> tuple[engine.PurchaseModel, dict[str, Any]]:
    try:
        return engine.fit_purchases(x, tx, age, law="mbg-nbd"), {"notes": []}
    except EngineError as failure:
        note = (
            f"{float(age.max()):.0f} weeks of orders do not tell leaving from pausing: no share of leavers fits them "
            "better than none. So nobody is taken to have left, no chance to stay is stated, and values are too high "
            "for accounts that have left."
        )
        return engine.fit_purchases(x, tx, age, law="nbd"), {"notes": [note], "refused_law": str(failure)}


def _value_contracts(
    inputs: ValueInputs,
    rows: NDArray[np.int64],
    weeks: int,
    discount_share: float,
    out: dict[str, Floats],
    kind: NDArray[Any],
) -> dict[str, Any]:
    if rows.size == 0:
        return {}
    years = -(-weeks // WEEKS_A_YEAR)
    behind = np.floor(inputs.contract_years[rows])
    model, said = _fit_retention(inputs)
    ahead = np.arange(years + 1)
    if model is None:
        stay = inputs.renewal_share[rows][:, None] ** ahead
    else:
        stay = engine.retention_survival(model, behind[:, None] + ahead)
        stay = stay / stay[:, :1]
    margin = inputs.last_year[rows] * inputs.margin_share[rows]
    spread = inputs.last_year_sd[rows] * inputs.margin_share[rows]
    got = engine.stay_value(
        margin,
        spread,
        stay[:, :years],
        discount_per_period=discount_share / (1.0 - discount_share),
        quantile_levels=LEVELS,
    )
    # Years are whole; a horizon within a year counts its share of the last one.
    share = weeks / (years * WEEKS_A_YEAR)
    out["chance"][rows], out["orders"][rows] = stay[:, 1], share
    out["spend"][rows], out["factor"][rows] = inputs.last_year[rows], got.expected_periods
    out["value"][rows] = got.mean * share
    out["low"][rows], out["high"][rows] = got.quantiles[0] * share, got.quantiles[1] * share
    kind[rows] = "contract"
    return said | {"accounts": int(rows.size)}


def _fit_retention(inputs: ValueInputs) -> tuple[engine.RetentionModel | None, dict[str, Any]]:
    known = ~np.isnan(inputs.contract_years)
    left = int(np.sum(inputs.has_left & known))
    stated = {"law": "stated renewal", "left": left}
    if left < FEWEST_LEFT:
        return None, stated | {
            "notes": [f"{left} contracts have ended for good; {FEWEST_LEFT} are needed to measure it."]
        }
    whole = np.where(inputs.has_left, np.ceil(inputs.contract_years), np.floor(inputs.contract_years))
    use = known & (whole >= 1.0)
    try:
        model = engine.fit_retention_by_age(whole[use], np.ones(int(use.sum())), inputs.has_left[use])
    except EngineError as failure:
        return None, stated | {"notes": [str(failure)]}
    return model, {"law": "shifted beta-geometric", "alpha": model.alpha, "beta": model.beta, "left": left, "notes": []}
