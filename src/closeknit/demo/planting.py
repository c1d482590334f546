"""Bad records: what source systems really send. Each is an *extra* row, so the good rows stay whole.

Duplicates and conflicts come after the row they repeat; all other bad rows have a key of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from closeknit.demo.writing import Columns, Row, rows_of

BAD_SHARE = 0.002
EXACT_DUPLICATE = "exact_duplicate"
CONFLICTING_DUPLICATE = "conflicting_duplicate"
IMPOSSIBLE_DATE = "impossible_date"
FAR_FUTURE_DATE = "far_future_date"
TEXT_IN_NUMBER = "text_in_number"
NOT_A_NUMBER = "not_a_number"
NEGATIVE_NUMBER = "negative_number"
UNKNOWN_ACCOUNT = "unknown_account"
MISSING_REQUIRED = "missing_required"

_TEXTS = ("n/a", "twelve", "1O", "see note", "-", "12 min")
_NOT_NUMBERS = ("NaN", "inf", "-inf", "nan", "Infinity", "1e400")


@dataclass(frozen=True, slots=True)
class PlantRule:
    """Where a file can be spoiled: its key column and the columns each kind of badness goes to."""

    file: str
    key: str
    required: tuple[str, ...]
    dates: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()
    conflict: str = ""
    names_account: bool = True
    may_lie_ahead: bool = False
    share: float = BAD_SHARE

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of bad record this file gets."""
        kinds = [EXACT_DUPLICATE, CONFLICTING_DUPLICATE, MISSING_REQUIRED]
        kinds += [IMPOSSIBLE_DATE] if self.dates else []
        kinds += [FAR_FUTURE_DATE] if self.dates and not self.may_lie_ahead else []
        kinds += [TEXT_IN_NUMBER, NOT_A_NUMBER] if self.numbers else []
        kinds += [NEGATIVE_NUMBER] if self.positive else []
        kinds += [UNKNOWN_ACCOUNT] if self.names_account else []
        return tuple(kinds)


RULES: tuple[PlantRule, ...] = (
    PlantRule(
        "accounts.csv",
        "account_number",
        ("name", "tier"),
        ("opened_on",),
        conflict="name",
        names_account=False,
    ),
    PlantRule(
        "terms.csv",
        "term_number",
        ("measure", "threshold_minutes"),
        ("starts_on",),
        ("threshold_minutes", "target_share", "credit_per_miss"),
        ("threshold_minutes", "credit_per_miss"),
        conflict="credit_per_miss",
        may_lie_ahead=True,
    ),
    PlantRule(
        "order_lines.csv",
        "order_number",
        ("account_number", "ordered_at", "item"),
        ("ordered_at",),
        ("units", "amount"),
        ("units",),
        conflict="amount",
    ),
    PlantRule(
        "contacts.csv",
        "contact_number",
        ("account_number", "contacted_at", "channel"),
        ("contacted_at",),
        ("handle_minutes", "wait_minutes"),
        ("handle_minutes",),
        conflict="handle_minutes",
    ),
    PlantRule(
        "incidents.csv",
        "incident_number",
        ("account_number", "opened_at", "priority"),
        ("opened_at",),
        ("visit_minutes",),
        ("visit_minutes",),
        conflict="visit_minutes",
    ),
    PlantRule(
        "surveys.csv",
        "survey_number",
        ("account_number", "answered_at", "score"),
        ("answered_at",),
        ("score",),
        conflict="score",
    ),
    PlantRule(
        "events.csv",
        "event_number",
        ("kind", "starts_on"),
        ("starts_on",),
        ("expected_share",),
        conflict="title",
        may_lie_ahead=True,
    ),
    PlantRule(
        "opportunities.csv",
        "opportunity_number",
        ("stage", "opened_on"),
        ("opened_on",),
        ("units_per_week", "stated_share"),
        ("units_per_week",),
        conflict="amount",
    ),
)
RULE_OF_FILE = {rule.file: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class BadRow:
    """One planted row: `line` counts from 1, the header; `field` is the spoiled column, if any."""

    file: str
    line: int
    kind: str
    key: str
    field: str
    value: str


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(0, len(choices)))]


def _impossible(text: str) -> str:
    return text[:5] + "02-30" + text[10:]


def _far_ahead(text: str) -> str:
    return "2099-" + text[5:10].replace("02-29", "02-28") + text[10:]


def _spoil(rng: np.random.Generator, rule: PlantRule, kind: str, row: dict[str, str]) -> tuple[str, str]:
    """The column that `kind` spoils and its new value."""
    if kind == CONFLICTING_DUPLICATE:
        return rule.conflict, _other_content(row[rule.conflict])
    if kind == UNKNOWN_ACCOUNT:
        return "account_number", f"A9{int(rng.integers(10_000, 100_000))}"
    if kind == MISSING_REQUIRED:
        return _pick(rng, rule.required), ""
    if kind == TEXT_IN_NUMBER:
        return _pick(rng, rule.numbers), _pick(rng, _TEXTS)
    if kind == NOT_A_NUMBER:
        return _pick(rng, rule.numbers), _pick(rng, _NOT_NUMBERS)
    if kind == NEGATIVE_NUMBER:
        field = _pick(rng, rule.positive)
        return field, f"-{row[field]}" if float(row[field]) > 0 else "-6.50"
    field = _pick(rng, rule.dates)
    return field, _impossible(row[field]) if kind == IMPOSSIBLE_DATE else _far_ahead(row[field])


def _other_content(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return f"{text} (old)"
    if "." in text:
        return f"{value * 1.5 + 1.0:.2f}"
    return str(int(value) - 1 if value > 1 else int(value) + 1)


def _own_key(rule: PlantRule, key: str, ordinal: int) -> str:
    """A key no good row has: the last part of numbers from 90000 up is kept for bad rows."""
    if rule.key == "account_number":
        return f"A8{ordinal:05d}"
    return f"{key.rsplit('-', 1)[0]}-{90_000 + ordinal % 10_000:05d}"


def plant(rng: np.random.Generator, rule: PlantRule, columns: Columns, granule: int) -> tuple[list[Row], list[BadRow]]:
    """The rows with bad ones among them; lines in the result count from 0, the first row given here.

    The first granule gets one of every kind, so the smallest company has them all.
    """
    good = rows_of(columns)
    if not good:
        return good, []
    names = list(columns)
    kinds = list(rule.kinds) if granule == 0 else []
    kinds += [_pick(rng, rule.kinds) for _ in range(int(rng.binomial(len(good), rule.share)))]
    # No source twice: a repeated conflict would be a duplicate of a bad row, and neither kind for sure.
    kinds = kinds[: len(good)]
    sources = rng.permutation(len(good))[: len(kinds)].tolist()
    planned: list[tuple[int, Row, BadRow]] = []
    for ordinal, (kind, source) in enumerate(zip(kinds, sources, strict=True)):
        # After the source and near it, as a stuttering export would repeat it.
        place = min(len(good), source + 1 + int(rng.integers(0, 40)))
        row = dict(zip(names, good[source], strict=True))
        field = value = ""
        if kind != EXACT_DUPLICATE:
            if kind != CONFLICTING_DUPLICATE:
                row[rule.key] = _own_key(rule, row[rule.key], granule * 50 + ordinal)
            field, value = _spoil(rng, rule, kind, row)
            row[field] = value
        planned.append((place, tuple(row.values()), BadRow(rule.file, 0, kind, row[rule.key], field, value)))
    return _merge(good, planned)


def _merge(good: list[Row], planned: list[tuple[int, Row, BadRow]]) -> tuple[list[Row], list[BadRow]]:
    planned = sorted(planned, key=lambda plan: plan[0])
    rows: list[Row] = []
    bad: list[BadRow] = []
    taken = 0
    for place, row, record in planned:
        rows += good[taken:place]
        taken = place
        bad.append(BadRow(record.file, len(rows), record.kind, record.key, record.field, record.value))
        rows.append(row)
    rows += good[taken:]
    return rows, bad
