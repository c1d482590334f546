"""Scores: five measures, weighed in whole per cent, so that the terms add up exactly. Pure: no database."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from closeknit.rooms.customers.contracts.scores import SCORE_RULE, ScoreTerm, ScoreTermName, TermMove

FULL = 1000
SHORTEST_WEEKS = 52.0


@dataclass(frozen=True, slots=True)
class ScoreInputs:
    """What is known of one account; None is: not known."""

    account_number: str
    currency: str
    value: float | None
    chance_to_stay: float | None
    strategic_share: float | None
    age_weeks: float | None
    last_half: float | None
    half_before: float | None
    handled_minutes: float | None
    last_year: float | None


def score_all(
    accounts: Sequence[ScoreInputs], parts: Mapping[str, Mapping[ScoreTermName, int]]
) -> dict[str, tuple[tuple[ScoreTerm, ...], int | None]]:
    """Return each account's terms and score in thousandths, by the weights in parts that hold for it."""
    measures = measure_terms(accounts)
    return {a.account_number: weigh_terms(measures[a.account_number], parts[a.account_number]) for a in accounts}


def measure_terms(accounts: Sequence[ScoreInputs]) -> dict[str, dict[ScoreTermName, tuple[int | None, str]]]:
    """Return each account's five measures (0..1000, None where not known) with a sentence each.

    Value and cost to serve are ranks among the accounts of the same currency: the share of them that lie below, ties
    in the middle.
    """
    values = _ranks([(a.account_number, a.currency, a.value) for a in accounts])
    costs = _ranks([(a.account_number, a.currency, _minutes_per_money(a)) for a in accounts])
    return {
        a.account_number: {
            ScoreTermName.VALUE: _ranked(
                values.get(a.account_number), "worth more than {share} of accounts", "no value"
            ),
            ScoreTermName.STAYS: _stays(a.chance_to_stay),
            ScoreTermName.STRATEGIC: _strategic(a.strategic_share),
            ScoreTermName.GROWTH: _growth(a),
            ScoreTermName.COST_TO_SERVE: _cost(costs.get(a.account_number)),
        }
        for a in accounts
    }


def weigh_terms(
    measures: Mapping[ScoreTermName, tuple[int | None, str]], parts: Mapping[ScoreTermName, int]
) -> tuple[tuple[ScoreTerm, ...], int | None]:
    """Return the terms and their sum in thousandths of a point (0..100,000); None where nothing that weighs is known.

    Weights of what is known are brought to 100 in whole per cent, the largest remainders first: what is not known
    counts neither for nor against, and stands there as missing.
    """
    known = {name: parts[name] for name, (measure, _) in measures.items() if measure is not None and parts[name] > 0}
    weights = whole_shares(known)
    terms = []
    for name, (measure, sentence) in measures.items():
        weight = weights.get(name, 0)
        terms.append(ScoreTerm(name, weight, measure, weight * (measure or 0), sentence))
    return tuple(terms), sum(term.thousandths for term in terms) if known else None


def whole_shares(parts: Mapping[ScoreTermName, int]) -> dict[ScoreTermName, int]:
    """Return parts as whole per cent that add up to 100, by largest remainder; ties in the order of the terms."""
    total = sum(parts.values())
    if total == 0:
        return {}
    exact = {name: (100 * part) // total for name, part in parts.items()}
    rest = sorted(parts, key=lambda name: (-((100 * parts[name]) % total), list(ScoreTermName).index(name)))
    for name in rest[: 100 - sum(exact.values())]:
        exact[name] += 1
    return exact


def rule_version(parts: Mapping[ScoreTermName, int]) -> str:
    """Return what tells one way of scoring from another: the rule and its weights."""
    return f"{SCORE_RULE} " + "-".join(str(parts[name]) for name in ScoreTermName)


def moves_between(before: Sequence[ScoreTerm], after: Sequence[ScoreTerm]) -> tuple[TermMove, ...]:
    """Return what moved a score, largest first; the moves add up exactly to the difference."""
    old = {term.term: term for term in before}
    found = []
    for term in after:
        past = old.get(term.term)
        change = term.thousandths - (past.thousandths if past else 0)
        if change:
            found.append(TermMove(term.term, Decimal(change) / 1000, _moved(past, term)))
    return tuple(sorted(found, key=lambda move: (-abs(move.points), move.term)))


def _moved(past: ScoreTerm | None, term: ScoreTerm) -> str:
    if past is None or past.measure is None:
        return f"Now known: {term.sentence}"
    if term.measure is None:
        return f"No longer known: {term.sentence}"
    if past.weight != term.weight:
        return f"Weighs {term.weight} %, before {past.weight} %. {term.sentence}"
    return f"{term.sentence} Before: {past.sentence}"


def _ranks(rows: Sequence[tuple[str, str, float | None]]) -> dict[str, float]:
    found: dict[str, float] = {}
    by_currency: dict[str, list[tuple[str, float]]] = {}
    for number, currency, value in rows:
        if value is not None:
            by_currency.setdefault(currency, []).append((number, value))
    for group in by_currency.values():
        values = np.array([value for _, value in group])
        ordered = np.sort(values)
        below = np.searchsorted(ordered, values, side="left")
        up_to = np.searchsorted(ordered, values, side="right")
        shares = (below + up_to) / (2.0 * values.size)
        found |= {number: float(share) for (number, _), share in zip(group, shares, strict=True)}
    return found


def _ranked(share: float | None, sentence: str, missing: str) -> tuple[int | None, str]:
    if share is None:
        return None, f"Not known: {missing}."
    return round(share * FULL), f"It is {sentence.format(share=_below(share))} in its currency."


def _stays(chance: float | None) -> tuple[int | None, str]:
    if chance is None:
        return None, "Not known: nothing measures yet whether it stays."
    return round(chance * FULL), f"It stays with a chance of {chance * 100:.0f} %."


def _strategic(share: float | None) -> tuple[int | None, str]:
    if share is None:
        return None, "Not known: nobody has said how strategic it is."
    return round(share * FULL), f"People say it is {share * 100:.0f} % strategic."


def _growth(about: ScoreInputs) -> tuple[int | None, str]:
    """Half its orders: 0. The same: 500. Twice as much: 1000; even steps between, in the logarithm."""
    if about.age_weeks is None or about.age_weeks < SHORTEST_WEEKS:
        return None, "Not known: it has ordered for less than a year."
    if not about.half_before or about.half_before <= 0.0 or about.last_half is None:
        return None, "Not known: nothing was ordered in the half year before the last."
    ratio = max(about.last_half, 0.0) / about.half_before
    steps = float(np.clip(np.log2(ratio), -1.0, 1.0)) if ratio > 0.0 else -1.0
    return round(500 + 500 * steps), f"Its orders of the last half year are {ratio * 100:.0f} % of those before."


def _minutes_per_money(about: ScoreInputs) -> float | None:
    if about.handled_minutes is None or not about.last_year or about.last_year <= 0.0:
        return None
    return -about.handled_minutes / about.last_year


def _cost(share: float | None) -> tuple[int | None, str]:
    if share is None:
        return None, "Not known: no handling time beside orders was measured in the last year."
    return round(share * FULL), f"It makes less work for its orders than {_below(share)} of accounts in its currency."


def _below(share: float) -> str:
    """A rank in per cent, cut and not rounded: nobody lies above all accounts, itself among them."""
    return f"{math.floor(share * 1000) / 10:g} %"
