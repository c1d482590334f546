"""What stock is sized from: pieces asked for, by whom, under which promise, and what lies there."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import Measure, Term, pick_term
from closeknit.rooms.capacity.compute.stock import WEEKS_SEEN, StockInputs, StockPromise, StockSeries, StockSite
from closeknit.rooms.capacity.contracts.stock import STOCK_HOLDING_SHARE, STOCK_USUAL_SHARE
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand.contracts import LEAD_DAYS, REVIEW_DAYS, LeadStep
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import SettingPlace
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FactKind
from closeknit.rooms.sensing.contracts.products import ProductAsker
from closeknit.rooms.sensing.reads.products import list_product_askers, list_product_weeks

LEAST_WEEKS = 4
NOT_COUNTED = (None, None)
Counts = dict[tuple[str, str], tuple[float, float | None]]
"""On hand and on order (None: not stated) by item and site."""


def get_stock_inputs(operation: str, *, by: Actor, at: datetime) -> tuple[StockInputs, tuple[str, ...]]:
    """Return what an operation's stock is sized from, and what is assumed, in sentences.

    Raises:
        NotFound: where nothing was observed of the operation.
        Invalid: where no stock or no product is on record, or less than four weeks.
    """
    by.require(Permission.RUN_PLAN)
    counts = _on_hand(by)
    if not counts:
        raise Invalid(
            "No stock is on record.", where=operation, todo="Load a feed that states stock: item, site, on_hand, as_of."
        )
    span = sensing.get_operation(operation, by=by)
    zone = ZoneInfo(span.time_zone)
    as_of_on = span.last_at.astimezone(zone).date() + timedelta(days=1)
    weeks = min(WEEKS_SEEN, (as_of_on - span.first_at.astimezone(zone).date()).days // 7)
    if weeks < LEAST_WEEKS:
        raise Invalid(f"{weeks} whole weeks were observed; {LEAST_WEEKS} are needed.", where=operation)
    seen: dict[str, Any] = {"until_on": as_of_on, "weeks": weeks, "zone": span.time_zone, "by": by}
    site_of = _Sites(counts, by)
    askers = list_product_askers(operation, **seen)
    if not askers:
        raise Invalid(
            "No work of this operation names a product.", where=operation, todo="Map the field product in its recipe."
        )
    weekly: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * weeks)
    for week in list_product_weeks(operation, **seen):
        weekly[week.product, site_of(week.region)][weeks - 1 - week.weeks_back] += week.pieces
    promises = _Promises(operation, as_of_on, by, at)
    series = tuple(_series(key, weekly[key], found, promises, counts) for key, found in _by_shelf(askers, site_of))
    inputs = StockInputs(
        operation=operation,
        as_of_on=as_of_on,
        holding_share=float(org.get_setting(STOCK_HOLDING_SHARE, at=at, by=by).value),
        sites=_stock_sites(sorted({one.site for one in series}), site_of, by, at),
        promises=promises.known,
        series=series,
    )
    return inputs, _assumptions(inputs, weeks, site_of)


class _Sites:
    """Which site serves a region: its own with stock; the only one there is; else none, named by the region."""

    def __init__(self, counts: Counts, by: Actor) -> None:
        stocked = {site for _, site in counts}
        own: dict[str, str] = {}
        for fact in sensing.list_facts(FactKind.SITE, by=by):
            body = fact.body
            if not body["account_number"] and body["region"] and body["site_id"] in stocked:
                own.setdefault(body["region"], body["site_id"])
        self.own, self.only = own, next(iter(stocked)) if len(stocked) == 1 else ""
        self.missing: set[str] = set()
        self.region_of: dict[str, str] = {}

    def __call__(self, region: str) -> str:
        site = self.own.get(region, self.only)
        if not site:
            self.missing.add(region)
        self.region_of.setdefault(site or region, region)
        return site or region


class _Promises:
    """What each account was promised on each kind of work, each told once."""

    def __init__(self, operation: str, on: date, by: Actor, at: datetime) -> None:
        terms = agreements.terms_in_force(operation, on=on, by=by)
        self.terms = [term for term in terms if term.measure is Measure.SHIP_WITHIN]
        self.golden = customers.golden_numbers(by=by, at=None)
        self.tiers = {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
        self.usual = float(org.get_setting(STOCK_USUAL_SHARE, at=at, by=by).value)
        self.places: dict[StockPromise, int] = {}

    def place(self, asker: ProductAsker) -> int:
        account = self.golden.get(asker.account_number, asker.account_number)
        found = self._term(account, asker)
        promise = StockPromise(
            account, self.usual if found is None else found.target_share, "" if found is None else found.sentence
        )
        return self.places.setdefault(promise, len(self.places))

    def _term(self, account: str, asker: ProductAsker) -> Term | None:
        return pick_term(
            self.terms,
            account_number=account,
            tier=self.tiers.get(account, ""),
            service=asker.service,
            work_class=asker.work_class,
        )

    @property
    def known(self) -> tuple[StockPromise, ...]:
        return tuple(self.places)


def _on_hand(by: Actor) -> Counts:
    """Return the newest count of each item at each site, and what was on order then."""
    newest: dict[tuple[str, str], tuple[str, float, float | None]] = {}
    for fact in sensing.list_facts(FactKind.STOCK, by=by):
        # Facts of before this field was known do not have it.
        ordered = fact.body.get("on_order")
        key = fact.body["item"], fact.body["site"]
        count = fact.body["as_of"], float(fact.body["on_hand"]), None if ordered in (None, "") else float(ordered)
        newest[key] = max(newest.get(key, count), count, key=lambda one: one[0])
    return {key: (on_hand, on_order) for key, (_, on_hand, on_order) in newest.items()}


def _by_shelf(askers: Sequence[ProductAsker], site_of: _Sites) -> list[tuple[tuple[str, str], list[ProductAsker]]]:
    shelves: dict[tuple[str, str], list[ProductAsker]] = defaultdict(list)
    for asker in askers:
        shelves[asker.product, site_of(asker.region)].append(asker)
    return sorted(shelves.items())


def _series(
    key: tuple[str, str], weekly: Sequence[float], askers: Sequence[ProductAsker], promises: _Promises, counts: Counts
) -> StockSeries:
    pieces: dict[int, float] = defaultdict(float)
    paid: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for asker in askers:
        pieces[promises.place(asker)] += asker.pieces
        if asker.amount > 0:
            paid[asker.currency][0] += asker.amount
            paid[asker.currency][1] += asker.pieces_paid
    # Nothing is converted without a dated rate: the currency in which most pieces were paid says what one is worth.
    currency = max(sorted(paid), key=lambda name: paid[name][1], default="")
    amount, bought = paid[currency] if currency else (0.0, 0.0)
    places = sorted(pieces)
    return StockSeries(
        item=key[0],
        site=key[1],
        weekly_pieces=tuple(round(value, 6) for value in weekly),
        promises=tuple(places),
        pieces=tuple(round(pieces[place], 6) for place in places),
        on_hand_pieces=counts.get(key, NOT_COUNTED)[0],
        on_order_pieces=counts.get(key, NOT_COUNTED)[1],
        price_per_piece=round(amount / bought, 6) if bought else 0.0,
        currency=currency,
    )


def _stock_sites(sites: Sequence[str], site_of: _Sites, by: Actor, at: datetime) -> tuple[StockSite, ...]:
    places = [SettingPlace(region=site_of.region_of.get(site, ""), site=site) for site in sites]
    leads, reviews = (
        org.get_settings(setting, places, at=at, by=by) for setting in (LEAD_DAYS[LeadStep.SUPPLY], REVIEW_DAYS)
    )
    return tuple(
        StockSite(site, int(lead.value), int(review.value))
        for site, lead, review in zip(sites, leads, reviews, strict=True)
    )


def _assumptions(inputs: StockInputs, weeks: int, site_of: _Sites) -> tuple[str, ...]:
    goes_on = f"What is asked for goes on as in the {weeks} weeks before {inputs.as_of_on}, each week by chance"
    said = [
        f"{goes_on}: no season and no trend is counted in.",
        "A promise asks its whole share of the shelf: the hours to pick what is there are planned apart.",
        "One shelf serves everybody; whose promise is stricter carries what it adds.",
        "What is on hand, and on order where that is stated, is the newest count on record.",
    ]
    counted = [one for one in inputs.series if one.on_hand_pieces is not None]
    unknown = sum(one.on_order_pieces is None for one in counted)
    if unknown:
        told = "What is on order is not known" if unknown == len(counted) else f"Of {unknown:,} items it is not known"
        said.append(f"{told}: it counts as nothing, so more may be short here than is.")
    if any(not one.price_per_piece for one in inputs.series):
        said.append("Items whose money is not on record cost nothing here.")
    if site_of.missing:
        named = ", ".join(sorted(region or "no region" for region in site_of.missing))
        said.append(f"No site with stock serves {named}: what is asked for there counts as a shelf of its own.")
    return tuple(said)
