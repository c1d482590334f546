"""The truth behind the files: what the product may not read and tests compare with."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from closeknit.demo import catalogue, contacts, effects, finishing, orders, rates
from closeknit.demo.accounts import NEVER, Profiles
from closeknit.demo.capacity import HALF_HOUR_SHARE, Load, RosterRow, capacity_hours, tight_week
from closeknit.demo.effects import CompanyEffects
from closeknit.demo.news import EventNews
from closeknit.demo.opportunities import (
    LEAST_DAYS,
    LOST_MEAN_DAYS,
    NO_END,
    REALISED_SHARE,
    STAGES,
    WIN_SHARES,
    WON_MEAN_DAYS,
    Opportunities,
    numbers,
)
from closeknit.demo.places import REGIONS, TEAMS
from closeknit.demo.planting import BadRow
from closeknit.demo.rates import Rates
from closeknit.demo.records import Records
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Ints, Timeline
from closeknit.demo.writing import Columns

README = """# The truth of the sample company

The product may not read this folder. It holds what the generator knows and a source system would not say, so
that tests can compare what the product found with what was so. Weeks count from 0, the first week with data.

- `company.json`: the spec, the seasons and growth, the planted regional spike and shift, promotions, pools
  with their true handle times, contact and lateness parameters, closed days.
- `accounts.parquet`: per account its true base rates, rhythm, patience, lateness, satisfaction, and the weeks
  of its churn, spike and shift (empty: never).
- `weekly_rates.parquet`: per account and week the expected orders, order lines, calls and e-mails that do not
  follow from an order, and incidents.
- `pool_weeks.parquet`: per pool and week the expected hours of work and the rostered hours after shrinkage.
- `surveys.parquet`: theme and mood behind each survey answer (theme empty: no comment).
- `events.parquet`: per row of `events.csv` the weeks it holds and its true share (what it does to the orders of the
  account, for a promotion of the accounts that respond), also after the data's end. `is_new` says that the effect is
  none of the account's own spikes and shifts and none of the company's promotions.
- `opportunities.parquet`: per row of `opportunities.csv` its stage's chance, whether it is or will be won, when it
  closes, and the order lines a week that it really brings if won. Only work that begins in the data shows in the
  orders (numbers `PO-`): earlier wins are part of the account's base rate.
- `records.parquet`: per row of `crm_companies.csv` whose company it is (empty: none of our accounts), and whether it
  states an address from before a move.
- `stock.parquet`: per row of `stock.csv` the pieces a week that are expected as in the last year, what buyers order up
  to, and whether they forgot it: then little is left and nothing is on order.
- `bad_rows.json`: every planted bad row with file, line (the header is line 1), kind, key, field and value.
- `totals.json`: per file the rows, good rows, bad rows by kind, and sums over good rows.
"""


def _weeks_or_none(week: Ints) -> list[int | None]:
    return [None if w >= NEVER else w for w in week.tolist()]


def record_truth(records: Records) -> dict[str, Any]:
    """Columns of `records.parquet` for a granule."""
    return {
        "record_key": records.crm["crm_id"],
        "account_number": records.crm_truth,
        "has_moved": records.crm_moved,
    }


def account_truth(profiles: Profiles) -> dict[str, Any]:
    """Columns of `accounts.parquet` for a granule."""
    import pyarrow as pa

    spiked = (profiles.spike_week < NEVER).tolist()
    lengths = zip(profiles.spike_length_weeks.tolist(), spiked, strict=True)
    return {
        "account_number": profiles.numbers,
        "tier": [catalogue.TIER_NAMES[t] for t in profiles.tier.tolist()],
        "region": [REGIONS[r].code for r in profiles.region.tolist()],
        "team": [TEAMS[t] for t in profiles.team.tolist()],
        "opened_day": profiles.opened_day,
        "orders_per_week": profiles.orders_per_week,
        "lines_per_order": profiles.lines_per_order,
        "contacts_per_week": profiles.contacts_per_week,
        "incidents_per_week": profiles.equipment_units * catalogue.REPAIRS_PER_UNIT_WEEK,
        "equipment_units": profiles.equipment_units,
        "rhythm_weeks": profiles.rhythm_weeks,
        "rhythm_phase": profiles.rhythm_phase,
        "weekday_share": pa.array(profiles.weekday_share.tolist(), pa.list_(pa.float64())),
        "patience_minutes": profiles.patience_minutes,
        "late_share": profiles.late_share,
        "satisfaction": profiles.satisfaction,
        "responds_to_promotions": profiles.responds_to_promotions,
        "churn_week": pa.array(_weeks_or_none(profiles.churn_week), pa.int64()),
        "spike_week": pa.array(_weeks_or_none(profiles.spike_week), pa.int64()),
        "spike_weeks": pa.array([n if s else None for n, s in lengths], pa.int64()),
        "spike_factor": np.where(profiles.spike_week < NEVER, profiles.spike_factor, 1.0),
        "shift_week": pa.array(_weeks_or_none(profiles.shift_week), pa.int64()),
        "shift_factor": np.where(profiles.shift_week < NEVER, profiles.shift_factor, 1.0),
    }


def weekly_truth(profiles: Profiles, true_rates: Rates, weeks: int) -> dict[str, Any]:
    """Columns of `weekly_rates.parquet` for a granule."""

    def weekly(daily: Any) -> Any:
        return daily.reshape(profiles.count, weeks, 7).sum(axis=2)

    expected_orders = weekly(true_rates.orders)
    return {
        "account_number": [n for n in profiles.numbers for _ in range(weeks)],
        "week": np.tile(np.arange(weeks), profiles.count),
        "orders": expected_orders.ravel(),
        "lines": (expected_orders * profiles.lines_per_order[:, None]).ravel(),
        "calls": weekly(true_rates.phone).ravel(),
        "emails": weekly(true_rates.email).ravel(),
        "incidents": weekly(true_rates.incidents).ravel(),
    }


def event_truth(profiles: Profiles, news: EventNews) -> dict[str, Any]:
    """Columns of `events.parquet` for a granule; typed, because a granule may have none."""
    import pyarrow as pa

    events = news.events
    accounts = ["" if e.account is None else profiles.numbers[e.account] for e in events]
    return {
        "event_number": pa.array(news.numbers, pa.string()),
        "kind": pa.array([e.kind for e in events], pa.string()),
        "account_number": pa.array(accounts, pa.string()),
        "from_week": pa.array([e.from_week for e in events], pa.int64()),
        "to_week": pa.array([e.to_week for e in events], pa.int64()),
        "true_share": pa.array([e.true_share for e in events], pa.float64()),
        "is_new": pa.array([e.kind in ("launch", "shutdown") for e in events], pa.bool_()),
    }


def opportunity_truth(profiles: Profiles, o: Opportunities) -> dict[str, Any]:
    """Columns of `opportunities.parquet` for a granule; typed, because a granule may have none."""
    import pyarrow as pa

    ends = [None if day >= NO_END else day for day in o.ends_day.tolist()]
    return {
        "opportunity_number": pa.array(numbers(profiles, o), pa.string()),
        "account_number": pa.array([profiles.numbers[a] for a in o.account.tolist()], pa.string()),
        "stage": pa.array([STAGES[s] for s in o.stage.tolist()], pa.string()),
        "win_share": pa.array([WIN_SHARES[s] for s in o.stage.tolist()], pa.float64()),
        "wins": pa.array(o.wins.tolist(), pa.bool_()),
        "opened_day": pa.array(o.opened_day, pa.int64()),
        "closes_day": pa.array(o.closes_day, pa.int64()),
        "starts_day": pa.array(o.starts_day, pa.int64()),
        "ends_day": pa.array(ends, pa.int64()),
        "lines_per_week": pa.array(o.true_units, pa.float64()),
    }


def survey_truth(columns: Columns) -> dict[str, Any]:
    """Columns of `surveys.parquet` for a granule; typed, because a granule may have no answers."""
    import pyarrow as pa

    return {name: pa.array(values, pa.string()) for name, values in columns.items()}


def pool_week_truth(load: Load, rosters: list[RosterRow], timeline: Timeline) -> dict[str, Any]:
    """Columns of `pool_weeks.parquet`."""
    weeks = timeline.spec.weeks
    capacity = capacity_hours(rosters, timeline)
    pools = catalogue.POOLS
    return {
        "pool": [p.code for p in pools for _ in range(weeks)],
        "week": np.tile(np.arange(weeks), len(pools)),
        "expected_hours": np.concatenate([load.pool_hours(p).reshape(-1, 7).sum(axis=1) for p in pools]),
        "capacity_hours": np.concatenate([capacity[p.code].reshape(-1, 7).sum(axis=1) for p in pools]),
    }


@dataclass
class Totals:
    """Counts per file as they are written."""

    rows: Counter[str] = field(default_factory=Counter)
    good_rows: Counter[str] = field(default_factory=Counter)
    bad: list[BadRow] = field(default_factory=list)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add_sum(self, name: str, values: list[str]) -> None:
        """Add up decimal texts exactly under `name`."""
        self.sums[name] = self.sums.get(name, Decimal(0)) + sum(map(Decimal, values), Decimal(0))

    def add_good(self, file: str, columns: Columns) -> None:
        """Count good rows and the sums tests want to balance."""
        self.good_rows[file] += len(next(iter(columns.values())))
        if file == "order_lines.csv":
            for kind in ("order", "return"):
                for currency in ("USD", "EUR"):
                    picked = [
                        i
                        for i, (k, c) in enumerate(zip(columns["kind"], columns["currency"], strict=True))
                        if k == kind and c == currency
                    ]
                    self.add_sum(f"{kind}_amount_{currency}", [columns["amount"][i] for i in picked])
                    self.add_sum(f"{kind}_units_{currency}", [columns["units"][i] for i in picked])
        elif file == "contacts.csv":
            self.add_sum("contact_handle_minutes", columns["handle_minutes"])
        elif file == "incidents.csv":
            self.add_sum("incident_visit_minutes", columns["visit_minutes"])

    def bad_rows(self, file: str) -> int:
        """Bad rows planted in `file`."""
        return self.rows[file] - self.good_rows[file]

    def to_json(self) -> dict[str, Any]:
        """The content of `totals.json`."""
        kinds: dict[str, Counter[str]] = {}
        for record in self.bad:
            kinds.setdefault(record.file, Counter())[record.kind] += 1
        files = {
            file: {
                "rows": self.rows[file],
                "good_rows": self.good_rows[file],
                "bad_rows": self.bad_rows(file),
                "bad_by_kind": dict(sorted(kinds.get(file, Counter()).items())),
            }
            for file in sorted(self.rows)
        }
        return {"files": files, "sums": {name: str(value) for name, value in sorted(self.sums.items())}}


def company_truth(spec: CompanySpec, company: CompanyEffects, timeline: Timeline) -> dict[str, Any]:
    """The content of `company.json`."""

    def effect(value: effects.RegionEffect | None) -> dict[str, Any] | None:
        return None if value is None else asdict(value) | {"region": REGIONS[value.region].code}

    closed = {
        r.code: [timeline.date_texts[d] for d in range(spec.days) if d % 7 < 5 and not timeline.is_open[i, d]]
        for i, r in enumerate(REGIONS)
    }
    return {
        "spec": {
            "seed": spec.seed,
            "accounts": spec.accounts,
            "weeks": spec.weeks,
            "starts_on": spec.starts_on.isoformat(),
            "ends_on": spec.ends_on.isoformat(),
        },
        "region_spike": effect(company.spike),
        "region_shift": effect(company.shift),
        "promotions": {
            "weeks": list(company.promotion_weeks),
            "factor": effects.PROMOTION_FACTOR,
            "week_after_factor": effects.AFTER_PROMOTION_FACTOR,
        },
        "season": {
            "swing": effects.SEASON_SWING,
            "peak_day_of_year": {r.code: r.peak_day for r in REGIONS},
            "yearly_growth": effects.YEARLY_GROWTH,
        },
        "rhythm_off_phase_factor": rates.OFF_PHASE_FACTOR,
        "churn": {"fading_weeks": rates.FADE_WEEKS, "fading_factor": rates.FADE_FACTOR},
        "half_hour_share_from_0800": HALF_HOUR_SHARE.tolist(),
        "contacts": {
            "status_share_of_orders": catalogue.STATUS_CONTACT_SHARE,
            "complaint_share_of_late_orders": catalogue.LATE_CONTACT_SHARE,
            "phone_share": catalogue.PHONE_SHARE,
            "topics_about_orders": list(contacts.TOPICS[-2:]),
        },
        "lateness": {"delay_effect": finishing.DELAY_EFFECT, "max_share": finishing.MAX_LATE_SHARE},
        "opportunities": {
            "win_share_by_stage": dict(zip(STAGES, WIN_SHARES, strict=True)),
            "least_days_open": LEAST_DAYS,
            "won_mean_days_beyond": WON_MEAN_DAYS,
            "lost_mean_days_beyond": LOST_MEAN_DAYS,
            "realised_share": REALISED_SHARE,
        },
        "returns_share_of_lines": catalogue.RETURN_SHARE_OF_LINES,
        "own_promise_share_of_orders": orders.OWN_PROMISE_SHARE,
        "tight_pool": {
            "pool": catalogue.TIGHT_POOL,
            "from_week": tight_week(spec.weeks),
            "load_per_capacity": catalogue.TIGHT_LOAD_PER_CAPACITY,
        },
        "pools": {
            p.code: {
                "distribution": "lognormal",
                "mean_minutes": p.true_handle_minutes,
                "sigma": p.handle_sigma,
                "stated_minutes": p.handle_minutes,
            }
            for p in catalogue.POOLS
        },
        "closed_weekdays": closed,
    }


def write_json(path: Path, value: Any) -> None:
    """Write `value` with sorted keys, so that the same value gives the same bytes."""
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def bad_rows_json(bad: list[BadRow]) -> list[dict[str, Any]]:
    """The content of `bad_rows.json`, in order of file and line."""
    return [asdict(record) for record in sorted(bad, key=lambda record: (record.file, record.line))]
