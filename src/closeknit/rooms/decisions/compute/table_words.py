"""A decision table in words."""

from collections.abc import Iterable

from closeknit.rooms.decisions.contracts.policy import (
    NO_TIER,
    OTHER_CURRENCY,
    TIERS,
    DecisionTable,
    KindCard,
    KindTable,
    MoneyBand,
    Outcome,
    PolicyCard,
    RowCard,
    Rule,
    RulesSay,
    TableRow,
)


def put_in_words(table: DecisionTable) -> PolicyCard:
    """Return a decision table as people read it."""
    return PolicyCard(
        table.version, table.title, table.digest, table.text, tuple(_kind(kind) for kind in table.kinds.values())
    )


def roles_in_words(roles: Iterable[str]) -> str:
    """Return "service lead or executive"."""
    return " or ".join(role.replace("-", " ") for role in roles)


def _kind(kind: KindTable) -> KindCard:
    return KindCard(
        kind.kind, kind.title, tuple(_rule(rule) for rule in kind.rules), tuple(_row(row) for row in kind.rows)
    )


def _rule(rule: Rule) -> str:
    what = rule.fact.replace("_", " ")
    if rule.equals is not None:
        said = f"is {str(rule.equals).lower()}"
    else:
        said = f"is at most {rule.at_most:g}" if rule.at_most is not None else f"is at least {rule.at_least:g}"
    unknown = ", or not known" if rule.unknown_holds else ""
    return f"{rule.name}: {what} {said}{unknown}"


def _row(row: TableRow) -> RowCard:
    return RowCard(row.number, _tiers(row.tiers), _money(row), _rules(row.rules), _outcome(row.outcome), row.sentence)


def _tiers(tiers: frozenset[str]) -> str:
    if len(tiers) == len(TIERS) + 1:
        return "any"
    named = [tier for tier in TIERS if tier in tiers]
    return ", ".join([*named, *(["no account"] if NO_TIER in tiers else [])])


def _money(row: TableRow) -> str:
    if row.money is None:
        return "any"
    parts = [*(["none"] if row.takes_no_money else []), *(_band(band) for band in row.money)]
    return ", ".join(parts)


def _band(band: MoneyBand) -> str:
    name = "other currencies" if band.currency == OTHER_CURRENCY else band.currency
    low = f" from {band.at_least:,f}" if band.at_least else ""
    return f"{name}{low}{'' if band.below is None else f' below {band.below:,f}'}"


def _rules(rules: frozenset[RulesSay]) -> str:
    if len(rules) > 1:
        return "whatever they say"
    return "all hold" if RulesSay.HOLD in rules else "one does not hold"


def _outcome(outcome: Outcome) -> str:
    if outcome.settles:
        return "settled by rule"
    who = roles_in_words(outcome.roles)
    eyes = f"two different people ({who})" if outcome.approvals == 2 else who
    return (
        f"waits for {eyes}; answer within {outcome.answer_within_hours} h, lapses after {outcome.expires_after_hours} h"
    )
