"""The generator's two passes over the accounts.

The first adds up the expected work of all pools, from which rosters, delays and waits follow. The second
draws what happened and writes it. Accounts come in granules with random streams of their own; a block is
how many granules wait in memory before they are written, and changes no byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from closeknit.demo import master, supply, truth
from closeknit.demo.accounts import Profiles, draw_profiles, granules
from closeknit.demo.capacity import Congestion, Load, RosterRow, congestion, draw_rosters
from closeknit.demo.contacts import contact_columns, draw_contacts
from closeknit.demo.effects import CompanyEffects, company_effects
from closeknit.demo.incidents import incident_columns
from closeknit.demo.news import EVENT_HEADER, EventNews, draw_events, event_columns, without_shut
from closeknit.demo.opportunities import (
    OPPORTUNITY_HEADER,
    Opportunities,
    draw_opportunities,
    opportunity_columns,
    won_orders,
)
from closeknit.demo.orders import ItemBook, draw_orders, item_book, order_line_columns
from closeknit.demo.planting import RULE_OF_FILE, plant
from closeknit.demo.rates import Rates, daily_rates
from closeknit.demo.records import CRM_HEADER, ERP_HEADER, draw_records
from closeknit.demo.seeds import GRANULE_ACCOUNTS, Stream, stream
from closeknit.demo.spec import CompanyFiles, CompanySpec, Progress
from closeknit.demo.surveys import draw_surveys
from closeknit.demo.timeline import Floats, Timeline
from closeknit.demo.truth import Totals
from closeknit.demo.writing import Columns, CsvSink, ParquetSink, Row, discard, partial, settle

HEADERS: dict[str, tuple[str, ...]] = {
    "accounts.csv": (
        "account_number",
        "name",
        "tier",
        "team",
        "region",
        "time_zone",
        "jurisdiction",
        "opened_on",
    ),
    "sites.csv": ("site_id", "account_number", "name", "time_zone", "jurisdiction", "region"),
    "terms.csv": master.TERM_HEADER,
    "pools.csv": (
        "pool",
        "name",
        "operation",
        "services",
        "regions",
        "site",
        "unit",
        "staffing",
        "handle_minutes",
        "shrinkage_parts",
        "cost_per_hour",
        "overtime_cost_per_hour",
        "overtime_share_max",
        "currency",
        "time_zone",
    ),
    "rosters.csv": ("pool", "weekday", "starts_local", "ends_local", "headcount", "from_on", "to_on"),
    "staff.csv": ("staff_number", "name", "pool", "skills", "hired_on", "week_hours"),
    "stock.csv": ("item", "site", "on_hand", "on_order", "as_of"),
    "closures.csv": ("region", "closed_on", "reason"),
    "order_lines.csv": (
        "order_number",
        "line",
        "account_number",
        "ordered_at",
        "item",
        "units",
        "amount",
        "currency",
        "channel",
        "region",
        "promised_minutes",
        "shipped_at",
        "kind",
    ),
    "contacts.csv": (
        "contact_number",
        "account_number",
        "contacted_at",
        "channel",
        "topic",
        "handle_minutes",
        "wait_minutes",
        "abandoned",
        "region",
    ),
    "incidents.csv": (
        "incident_number",
        "account_number",
        "opened_at",
        "priority",
        "equipment",
        "visit_minutes",
        "resolved_at",
        "reopened",
        "region",
    ),
    "surveys.csv": ("survey_number", "account_number", "answered_at", "kind", "score", "comment"),
    "events.csv": EVENT_HEADER,
    "opportunities.csv": OPPORTUNITY_HEADER,
    "erp_addresses.csv": ERP_HEADER,
    "crm_companies.csv": CRM_HEADER,
}
TRUTH_TABLES = ("accounts", "weekly_rates", "pool_weeks", "surveys", "events", "opportunities", "records", "stock")
TRUTH_TEXTS = ("company.json", "bad_rows.json", "totals.json", "README.md")
BLOCK_ACCOUNT_WEEKS = 20_000
"""Default size of a block: about 80,000 order lines."""


@dataclass(frozen=True)
class _Setting:
    """What holds for the whole company."""

    spec: CompanySpec
    timeline: Timeline
    effects: CompanyEffects
    book: ItemBook
    load: Load
    true_load: Load
    rosters: list[RosterRow]
    jam: Congestion


@dataclass
class _Out:
    """Open files and running totals."""

    csv: dict[str, CsvSink]
    tables: dict[str, ParquetSink]
    totals: Totals

    def plain(self, file: str, rows: list[Row]) -> None:
        """Write rows of a file that holds no bad ones."""
        self.csv[file].append(rows)
        self.totals.rows[file] += len(rows)
        self.totals.good_rows[file] += len(rows)

    def sound(self, file: str, columns: Columns) -> None:
        """Write good rows of a file that holds bad ones elsewhere."""
        rows = list(zip(*columns.values(), strict=True))
        self.csv[file].append(rows)
        self.totals.add_good(file, columns)
        self.totals.rows[file] += len(rows)

    def spoiled(self, rng: np.random.Generator, file: str, columns: Columns, granule: int) -> None:
        """Write rows with bad ones planted among them."""
        if tuple(columns) != HEADERS[file]:
            raise AssertionError(f"{file}: columns {tuple(columns)} are not its header")
        rows, bad = plant(rng, RULE_OF_FILE[file], columns, granule)
        first = self.csv[file].append(rows)
        self.totals.add_good(file, columns)
        self.totals.rows[file] += len(rows)
        self.totals.bad += [replace(record, line=record.line + first) for record in bad]


def build(
    spec: CompanySpec, folder: Path, progress: Progress | None = None, *, block_accounts: int | None = None
) -> CompanyFiles:
    """Write the company of `spec` into `folder`; existing files of the same names are replaced at the end."""
    report = progress or (lambda _step, _done, _total: None)
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    setting = _prepare(spec, report)
    with _opened(folder) as out:
        _write_company(setting, out)
        per_block = max(1, (block_accounts or BLOCK_ACCOUNT_WEEKS // spec.weeks) // GRANULE_ACCOUNTS)
        for granule in range(granules(spec.accounts)):
            _write_granule(setting, out, granule)
            if (granule + 1) % per_block == 0:
                for sink in out.csv.values():
                    sink.flush()
            report("events", min(spec.accounts, (granule + 1) * GRANULE_ACCOUNTS), spec.accounts)
        _write_texts(setting, out, folder / "truth")
    files = {name: folder / name for name in HEADERS}
    bad = {name: out.totals.bad_rows(name) for name in HEADERS}
    return CompanyFiles(folder, files, dict(out.totals.rows), bad, folder / "truth")


def _prepare(spec: CompanySpec, report: Callable[[str, int, int], None]) -> _Setting:
    timeline = Timeline.of(spec)
    effects = company_effects(spec, timeline)
    load, true_load = Load.empty(timeline), Load.empty(timeline)
    for granule in range(granules(spec.accounts)):
        profiles = draw_profiles(spec, granule)
        rates = daily_rates(profiles, effects, timeline)
        load.add(profiles, rates)
        true_load.add(profiles, _draw_news(spec, profiles, effects, timeline).on(rates))
        report("expected work", min(spec.accounts, (granule + 1) * GRANULE_ACCOUNTS), spec.accounts)
    rosters = draw_rosters(load, timeline, effects.spike_weeks(spec.weeks))
    jam = congestion(load, rosters, timeline)
    return _Setting(spec, timeline, effects, item_book(spec.seed), load, true_load, rosters, jam)


@contextmanager
def _opened(folder: Path) -> Iterator[_Out]:
    """All files under temporary names; they get their own names only when everything went well."""
    names = [folder / name for name in HEADERS]
    tables = {name: ParquetSink(folder / "truth" / f"{name}.parquet") for name in TRUTH_TABLES}
    everything = [*names, *(t.path for t in tables.values()), *(folder / "truth" / t for t in TRUTH_TEXTS)]
    sinks = {name: CsvSink(folder / name, header) for name, header in HEADERS.items()}
    try:
        yield _Out(sinks, tables, Totals())
        for table in tables.values():
            table.close()
        for sink in sinks.values():
            sink.close()
        settle(everything)
    finally:
        for csv_sink in sinks.values():
            csv_sink.close()
        discard(everything)


def _write_company(setting: _Setting, out: _Out) -> None:
    spec = setting.spec
    out.plain("sites.csv", master.depot_rows())
    for file, columns in (
        ("pools.csv", master.pool_columns()),
        ("rosters.csv", master.roster_columns(spec, setting.rosters)),
    ):
        out.plain(file, list(zip(*columns.values(), strict=True)))
    out.plain("staff.csv", master.staff_rows(spec, setting.rosters))
    stock = supply.draw_supply(spec, setting.load, setting.true_load, setting.book)
    out.plain("stock.csv", supply.stock_rows(spec, stock))
    out.tables["stock"].append(supply.stock_truth(stock))
    out.plain("closures.csv", master.closure_rows(spec, setting.timeline))
    out.tables["pool_weeks"].append(truth.pool_week_truth(setting.true_load, setting.rosters, setting.timeline))


def _write_granule(setting: _Setting, out: _Out, granule: int) -> None:
    spec, timeline = setting.spec, setting.timeline
    profiles = draw_profiles(spec, granule)
    planting = stream(spec.seed, Stream.PLANTING, granule)
    _write_master(spec, profiles, out, planting)
    rates = daily_rates(profiles, setting.effects, timeline)
    rng = stream(spec.seed, Stream.ORDERS, granule)
    orders = draw_orders(rng, profiles, rates, setting.jam, timeline)
    news = _draw_news(spec, profiles, setting.effects, timeline)
    lines = order_line_columns(rng, profiles, orders, setting.book, timeline)
    rng = stream(spec.seed, Stream.CONTACTS, granule)
    contacts = draw_contacts(rng, profiles, rates, orders, setting.jam, timeline)
    rng = stream(spec.seed, Stream.INCIDENTS, granule)
    incidents = incident_columns(rng, profiles, rates, setting.jam, timeline)
    rng = stream(spec.seed, Stream.SURVEYS, granule)
    surveys = draw_surveys(rng, profiles, contacts, orders, timeline)
    spoken = contact_columns(profiles, contacts, timeline)
    for file, columns, stamp in (
        ("order_lines.csv", lines, "ordered_at"),
        ("contacts.csv", spoken, "contacted_at"),
        ("incidents.csv", incidents, "opened_at"),
    ):
        out.spoiled(planting, file, without_shut(columns, stamp, profiles, news.events, timeline), granule)
    _write_news(setting, profiles, rates, news, out)
    out.spoiled(planting, "surveys.csv", surveys.columns, granule)
    out.tables["accounts"].append(truth.account_truth(profiles))
    out.tables["weekly_rates"].append(truth.weekly_truth(profiles, news.on(rates), spec.weeks))
    out.tables["surveys"].append(truth.survey_truth(surveys.truth))


@dataclass(frozen=True)
class _News:
    """What a granule's events and opportunities do to its true rates."""

    events: EventNews
    opportunities: Opportunities
    won: Floats

    def extra(self, rates: Rates) -> Rates:
        """Orders that come on top: of launches, and of won opportunities; none while the account is shut."""
        more = (rates.orders * (self.events.order_factor - 1.0) + self.won) * ~self.events.shut
        return Rates(more, *(np.zeros_like(more) for _ in range(3)))

    def on(self, rates: Rates) -> Rates:
        """The true rates with all of it."""
        there = ~self.events.shut
        orders = rates.orders * there + self.extra(rates).orders
        return Rates(orders, rates.phone * there, rates.email * there, rates.incidents * there)


def _draw_news(spec: CompanySpec, profiles: Profiles, effects: CompanyEffects, timeline: Timeline) -> _News:
    opportunities = draw_opportunities(spec, profiles)
    won = won_orders(opportunities, profiles, timeline)
    return _News(draw_events(spec, profiles, effects), opportunities, won)


def _write_news(setting: _Setting, profiles: Profiles, rates: Rates, news: _News, out: _Out) -> None:
    """Events and opportunities, and the orders that they bring on top, after the granule's other orders."""
    spec, timeline = setting.spec, setting.timeline
    rng = stream(spec.seed, Stream.NEWS_ORDERS, profiles.granule)
    more = draw_orders(rng, profiles, news.extra(rates), setting.jam, timeline)
    out.sound("order_lines.csv", order_line_columns(rng, profiles, more, setting.book, timeline, ("PO", "RP")))
    planting = stream(spec.seed, Stream.NEWS_PLANTING, profiles.granule)
    events = event_columns(spec, profiles, news.events)
    out.spoiled(planting, "events.csv", events, profiles.granule)
    found = opportunity_columns(spec, profiles, news.opportunities)
    out.spoiled(planting, "opportunities.csv", found, profiles.granule)
    out.tables["events"].append(truth.event_truth(profiles, news.events))
    out.tables["opportunities"].append(truth.opportunity_truth(profiles, news.opportunities))


def _write_master(spec: CompanySpec, profiles: Profiles, out: _Out, planting: np.random.Generator) -> None:
    out.spoiled(planting, "accounts.csv", master.account_columns(spec, profiles), profiles.granule)
    out.plain("sites.csv", master.site_rows(spec, profiles))
    records = draw_records(spec, profiles)
    out.sound("erp_addresses.csv", records.erp)
    out.sound("crm_companies.csv", records.crm)
    out.tables["records"].append(truth.record_truth(records))
    terms = master.default_term_rows(spec) if profiles.granule == 0 else []
    terms += master.exception_term_rows(spec, profiles)
    columns = {name: [row[i] for row in terms] for i, name in enumerate(master.TERM_HEADER)}
    out.spoiled(planting, "terms.csv", columns, profiles.granule)


def _write_texts(setting: _Setting, out: _Out, folder: Path) -> None:
    company = truth.company_truth(setting.spec, setting.effects, setting.timeline)
    truth.write_json(partial(folder / "company.json"), company)
    truth.write_json(partial(folder / "bad_rows.json"), truth.bad_rows_json(out.totals.bad))
    truth.write_json(partial(folder / "totals.json"), out.totals.to_json())
    partial(folder / "README.md").write_text(truth.README, encoding="utf-8")
