"""Judging a proposal by the decision table: a pure function of the table and the question, so it can be made again."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.kernel.output import share_text
from closeknit.rooms.decisions.compute.table import ALL_TIERS, answers, currencies_of
from closeknit.rooms.decisions.contracts import Judgement, RuleVerdict
from closeknit.rooms.decisions.contracts.policy import (
    NO_TIER,
    OTHER_CURRENCY,
    DecisionTable,
    KindTable,
    Question,
    Rule,
    RulesSay,
    TableRow,
)

PLACE = re.compile(r"\{(value|limit)\}")


def judge(table: DecisionTable, question: Question) -> Judgement:
    """Return the one row that answers a question, with what every rule said.

    Raises:
        Invalid: for a kind that the table does not know, or negative money.
    """
    kind = table.kinds.get(question.kind)
    if kind is None:
        known = ", ".join(table.kinds)
        raise Invalid(f"No policy covers {question.kind!r}.", where="kind", todo=f"The table knows {known}.")
    if question.money is not None and not (question.money.is_finite() and question.money >= 0):
        raise Invalid(
            "Money at stake is an amount from 0 up.", where="money_at_stake", todo="Say how much is at stake."
        )
    verdicts = tuple(_verdict(rule, question) for rule in kind.rules)
    said = RulesSay.HOLD if all(v.holds for v in verdicts) else RulesSay.FAIL
    row = _row(kind, question, said)
    return Judgement(row.outcome.settles, table.version, verdicts, row.number, row.outcome)


def _row(kind: KindTable, question: Question, said: RulesSay) -> TableRow:
    tier = question.tier or NO_TIER
    if tier not in ALL_TIERS:
        raise Invalid(f"There is no tier {tier!r}.", where="tier", todo=f"Use one of {', '.join(sorted(ALL_TIERS))}.")
    currency = question.currency if question.currency in currencies_of(kind) else OTHER_CURRENCY
    # Strictness was proven when the table was read: exactly one row answers.
    return next(row for row in kind.rows if answers(row, tier, said, currency, question.money))


def _verdict(rule: Rule, question: Question) -> RuleVerdict:
    value = question.facts.get(rule.fact)
    limit = question.limits.get(rule.name, rule.limit)
    if value is None:
        sentence = rule.unknown_sentence or f"{rule.fact.replace('_', ' ').capitalize()} is not known."
        return RuleVerdict(rule.name, rule.unknown_holds, sentence)
    holds = _holds(rule, value, limit)
    template = rule.holds_sentence if holds and rule.holds_sentence else rule.sentence
    shown = {"value": _shown(value, rule.shown_as), "limit": _shown(limit, rule.shown_as, is_limit=True)}
    return RuleVerdict(rule.name, holds, PLACE.sub(lambda place: shown[place[1]], template))


def _holds(rule: Rule, value: Any, limit: Any) -> bool:
    if rule.equals is not None:
        return bool(value == limit)
    number = _number(rule, value)
    return bool(number <= limit if rule.at_most is not None else number >= limit)


def _number(rule: Rule, value: Any) -> Any:
    # Exact amounts are stored as text.
    try:
        return Decimal(value) if isinstance(value, str) else value + 0
    except (InvalidOperation, TypeError):
        raise Invalid(f"{value!r} is no number.", where=rule.fact, todo="Hand over a number for this fact.") from None


def _shown(value: Any, shown_as: str, *, is_limit: bool = False) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if shown_as == "share":
        return f"{value:.0%}" if is_limit and _is_whole_percent(value) else share_text(value)
    if shown_as == "signed share":
        return f"{value:+.0%}" if is_limit and _is_whole_percent(value) else f"{value:+.1%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_whole_percent(share: float) -> bool:
    return abs(share * 100 - round(share * 100)) < 1e-9


def limits_of(kind: KindTable, resolved: Mapping[str, Any]) -> dict[str, Any]:
    """Return the limits, by rule, that settings put in the place of the table's own."""
    return {rule.name: resolved[rule.setting] for rule in kind.rules if rule.setting and rule.setting in resolved}
