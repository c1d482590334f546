"""Decision tables as readable YAML: read strictly, and proven to answer every case exactly once.

A kind's cases are its tiers x what its rules say x money: the amounts of each currency it names, of every other
currency, and no money at all. Bands are half open and compared as exact decimals, so "below 1000" and "from 1000" meet
without a gap and without an overlap.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from closeknit.rooms.decisions.compute.strict_yaml import given as _given
from closeknit.rooms.decisions.compute.strict_yaml import items as _list
from closeknit.rooms.decisions.compute.strict_yaml import line as _line
from closeknit.rooms.decisions.compute.strict_yaml import mapping as _mapping
from closeknit.rooms.decisions.compute.strict_yaml import read_yaml as _yaml
from closeknit.rooms.decisions.compute.strict_yaml import refuse as _refuse
from closeknit.rooms.decisions.contracts.policy import (
    NO_TIER,
    OTHER_CURRENCY,
    TIERS,
    DecisionTable,
    KindTable,
    MoneyBand,
    Outcome,
    Rule,
    RulesSay,
    TableRow,
)
from closeknit.rooms.org.contracts import PERMISSIONS_OF, Permission, Role

LONGEST_HOURS = 24 * 366
WORD = re.compile(r"[a-z][a-z0-9_-]{0,39}")
AMOUNT = r"\d{1,15}(?:\.\d{1,4})?"
BAND = re.compile(rf"(?P<currency>[A-Z]{{3}}|other)(?: from (?P<from>{AMOUNT}))?(?: below (?P<below>{AMOUNT}))?")
SHOWN_AS = ("number", "share", "signed share", "text")
ALL_TIERS = frozenset({*TIERS, NO_TIER})


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of a kind's space of cases. `currency` None is: no money at stake."""

    tier: str
    rules: RulesSay
    currency: str | None
    at_least: Decimal
    below: Decimal | None

    def __str__(self) -> str:
        tier = "no tier" if self.tier == NO_TIER else f"tier {self.tier}"
        return f"{tier}, {self._money()}, rules {self.rules.value}"

    def _money(self) -> str:
        if self.currency is None:
            return "no money at stake"
        until = f" below {self.below:f}" if self.below is not None else ""
        name = "other currencies" if self.currency == OTHER_CURRENCY else self.currency
        return f"{name} from {self.at_least:f}{until}"


@cache
def shipped_table() -> DecisionTable:
    """Return the table that comes with the product; in force until someone adopts another."""
    path = files("closeknit.rooms.decisions").joinpath("policies/approvals.yaml")
    return read_table(path.read_text(encoding="utf-8"))


def read_table(text: str) -> DecisionTable:
    """Read a decision table and prove it strict.

    Raises:
        Invalid: when it is not YAML, says something unknown, or leaves a case without a row or with two rows; names
            the kind, the row and the case.
    """
    top = _mapping(_yaml(text), "the table", {"version", "title", "kinds"})
    version = _line(top, "version", "the table", 60)
    kinds = _given(top, "kinds", "the table")
    if not isinstance(kinds, dict) or not kinds:
        _refuse("A table needs kinds.", "kinds")
    found = {str(name): _kind(str(name), body) for name, body in kinds.items()}
    for kind in found.values():
        prove_strict(kind)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return DecisionTable(version, _line(top, "title", "the table", 200), found, text, digest)


def prove_strict(kind: KindTable) -> None:
    """Refuse rows that overlap or leave a gap anywhere in the kind's space of cases; the case is named."""
    for case in cases_of(kind):
        rows = [row.number for row in kind.rows if covers(row, case)]
        if not rows:
            _refuse(f"No row answers {case}.", kind.kind, "Add a row, or widen one.")
        if len(rows) > 1:
            _refuse(f"Rows {rows[0]} and {rows[1]} both answer {case}.", kind.kind, "Narrow one of them.")


def cases_of(kind: KindTable) -> Iterator[Case]:
    """Yield every case of a kind: within one, no row of it makes a further difference."""
    says = tuple(RulesSay) if kind.rules else (RulesSay.HOLD,)
    for tier in (*TIERS, NO_TIER):
        for said in says:
            yield Case(tier, said, None, Decimal(0), None)
            for currency, edges in _edges(kind).items():
                for at_least, below in zip(edges, [*edges[1:], None], strict=True):
                    yield Case(tier, said, currency, at_least, below)


def _edges(kind: KindTable) -> dict[str, list[Decimal]]:
    bands = [band for row in kind.rows for band in row.money or ()]
    found = {currency: {Decimal(0)} for currency in (OTHER_CURRENCY, *(band.currency for band in bands))}
    for band in bands:
        found[band.currency] |= {band.at_least} | ({band.below} if band.below is not None else set())
    return {currency: sorted(edges) for currency, edges in found.items()}


def answers(row: TableRow, tier: str, said: RulesSay, currency: str, amount: Decimal | None) -> bool:
    """Tell whether a row answers one question; `currency` is "other" where the kind does not name it."""
    if tier not in row.tiers or said not in row.rules:
        return False
    if row.money is None or amount is None:
        return row.money is None or row.takes_no_money
    return any(
        band.currency == currency and band.at_least <= amount and (band.below is None or amount < band.below)
        for band in row.money
    )


def covers(row: TableRow, case: Case) -> bool:
    """Tell whether a row answers a whole case."""
    return case.tier in row.tiers and case.rules in row.rules and _covers_money(row, case)


def _covers_money(row: TableRow, case: Case) -> bool:
    if case.currency is None:
        return row.money is None or row.takes_no_money
    if row.money is None:
        return True
    return any(
        band.currency == case.currency
        and band.at_least <= case.at_least
        and (band.below is None or (case.below is not None and case.below <= band.below))
        for band in row.money
    )


def currencies_of(kind: KindTable) -> frozenset[str]:
    """Return the currencies that a kind's rows name."""
    return frozenset(band.currency for row in kind.rows for band in row.money or ()) - {OTHER_CURRENCY}


def _kind(name: str, body: Any) -> KindTable:
    if not WORD.fullmatch(name):
        _refuse(f"{name!r} is no name for a kind: use small letters and hyphens.", "kinds")
    top = _mapping(body, name, {"title", "rules", "rows"})
    rules = tuple(_rule(rule, f"{name}, rule {n}") for n, rule in enumerate(_list(top.get("rules", []), name), 1))
    names = [rule.name for rule in rules]
    if len(set(names)) != len(names):
        _refuse("Two rules have one name.", name)
    rows = tuple(_row(row, n, f"{name}, row {n}", bool(rules)) for n, row in enumerate(_list(top.get("rows"), name), 1))
    return KindTable(name, _line(top, "title", name, 120), rules, rows)


def _rule(body: Any, where: str) -> Rule:
    top = _mapping(body, where, set(Rule.__slots__) - {"name"} | {"rule"})
    given = [key for key in ("at_most", "at_least", "equals") if top.get(key) is not None]
    if len(given) != 1:
        _refuse("A rule needs exactly one of at_most, at_least, equals.", where)
    shown_as = top.get("shown_as", "number")
    if shown_as not in SHOWN_AS:
        _refuse(f"{shown_as!r} is no way to show a fact: use one of {', '.join(SHOWN_AS)}.", where)
    limit = top[given[0]]
    if given[0] != "equals" and (isinstance(limit, bool) or not isinstance(limit, int | float) or limit != limit):
        _refuse(f"{given[0]} needs a number, not {limit!r}.", where)
    if given[0] == "equals" and not isinstance(limit, str | bool | int):
        _refuse("equals needs a word, a whole number, true or false.", where)
    return Rule(
        name=_line(top, "rule", where, 60),
        fact=_line(top, "fact", where, 60),
        sentence=_line(top, "sentence", where, 300),
        shown_as=shown_as,
        unknown_holds=top.get("unknown_holds", False) is True,
        at_most=top.get("at_most"),
        at_least=top.get("at_least"),
        equals=top.get("equals"),
        unknown_sentence=str(top.get("unknown_sentence", "")),
        holds_sentence=str(top.get("holds_sentence", "")),
        setting=str(top.get("setting", "")),
    )


def _row(body: Any, number: int, where: str, has_rules: bool) -> TableRow:
    top = _mapping(body, where, {"tier", "money", "rules", "then", "because"})
    money, takes_no_money = _money(top.get("money", "any"), where)
    return TableRow(
        number=number,
        tiers=_tiers(top.get("tier", "any"), where),
        money=money,
        takes_no_money=takes_no_money,
        rules=_says(top.get("rules", "any"), where, has_rules),
        outcome=_outcome(_given(top, "then", where), where),
        sentence=str(top.get("because", "")),
    )


def _tiers(value: Any, where: str) -> frozenset[str]:
    if value == "any":
        return ALL_TIERS
    wanted = frozenset(str(tier) for tier in _list(value, where))
    unknown = sorted(wanted - ALL_TIERS)
    if unknown or not wanted:
        _refuse(
            f"There is no tier {''.join(unknown[:1])!r}.", where, f"Use any, or some of {', '.join(sorted(ALL_TIERS))}."
        )
    return wanted


def _says(value: Any, where: str, has_rules: bool) -> frozenset[RulesSay]:
    if value == "any":
        return frozenset(RulesSay)
    if value not in [said.value for said in RulesSay]:
        _refuse(f"rules is any, hold or fail, not {value!r}.", where)
    if not has_rules and value == RulesSay.FAIL.value:
        _refuse("This kind has no rule that could fail.", where, "Drop the row.")
    return frozenset({RulesSay(value)})


def _money(value: Any, where: str) -> tuple[tuple[MoneyBand, ...] | None, bool]:
    if value == "any":
        return None, True
    texts = [str(text) for text in _list(value, where)]
    return tuple(_band(text, where) for text in texts if text != "none"), "none" in texts


def _band(text: str, where: str) -> MoneyBand:
    match = BAND.fullmatch(text)
    if match is None:
        _refuse(f"{text!r} is no band of money.", where, "Write any, none, or bands like EUR from 0 below 5000.")
    below = Decimal(match["below"]) if match["below"] else None
    band = MoneyBand(match["currency"], Decimal(match["from"] or 0), below)
    if below is not None and below <= band.at_least:
        _refuse(f"{text!r} holds no amount.", where)
    return band


def _outcome(value: Any, where: str) -> Outcome:
    if value == "approve":
        return Outcome(settles=True)
    top = _mapping(value, where, {"wait_for", "approvals", "answer_within_hours", "expires_after_hours", "escalation"})
    roles = tuple(str(role) for role in _list(top.get("wait_for"), where))
    deciders = [role.value for role in Role if Permission.DECIDE in PERMISSIONS_OF[role]]
    unknown = [role for role in roles if role not in deciders]
    if unknown or not roles:
        _refuse(f"No role that decides is called {''.join(unknown[:1])!r}.", where, f"Use {', '.join(deciders)}.")
    approvals = top.get("approvals", 1)
    if approvals not in (1, 2) or isinstance(approvals, bool):
        _refuse("approvals is 1, or 2 for four eyes.", where)
    answer, expires = (_hours(top, key, where) for key in ("answer_within_hours", "expires_after_hours"))
    if expires < answer:
        _refuse("It would expire before an answer is due.", where)
    return Outcome(False, roles, approvals, answer, expires, str(top.get("escalation", "approval")))


def _hours(top: Mapping[str, Any], key: str, where: str) -> int:
    hours = _given(top, key, where)
    if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= LONGEST_HOURS:
        _refuse(f"{key} is a whole number of hours from 1 to {LONGEST_HOURS:,}.", where)
    return int(hours)
