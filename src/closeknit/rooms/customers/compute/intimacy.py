"""How well an account is known: criteria read strictly, points that add up exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from importlib.resources import files
from typing import Any

import yaml

from closeknit.kernel.errors import Invalid
from closeknit.rooms.customers.contracts.intimacy import (
    DomainCriteria,
    DomainIndex,
    IntimacyCard,
    IntimacyCriteria,
    Knowing,
    MeasureTerm,
    Topic,
    WantedKnowledge,
)

TENTH = Decimal("0.1")
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one wanted thing: how many statements, from when to when."""

    count: int
    first_at: datetime
    last_at: datetime

    def joined(self, other: "Found") -> "Found":
        """Return both together."""
        return Found(self.count + other.count, min(self.first_at, other.first_at), max(self.last_at, other.last_at))


Knowledge = Mapping[tuple[Topic, str], Found]


def read_criteria(text: str) -> IntimacyCriteria:
    """Return criteria from their YAML.

    Raises:
        Invalid: naming the domain and what is missing, unknown, or does not add up.
    """
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as failure:
        mark = getattr(failure, "problem_mark", None)
        raise Invalid("This is not YAML.", where=f"line {mark.line + 1}" if mark else "text") from None
    top = _fields(given, {"version", "domains"}, "criteria")
    domains = tuple(_domain(part) for part in _list(top["domains"], "domains"))
    names = [domain.domain for domain in domains]
    if not domains or len(set(names)) < len(names):
        raise Invalid("Criteria need domains, each named once.", where="domains")
    return IntimacyCriteria(_word(top["version"], "version"), text, domains)


def shipped_criteria() -> str:
    """Return the text of the criteria that come with Closeknit."""
    return files("closeknit.rooms.customers").joinpath("policies", "intimacy.yaml").read_text(encoding="utf-8")


def kept_domains(card: IntimacyCard) -> list[dict[str, Any]]:
    """Return a card's domains as they are kept: plain data, points as text."""
    return [
        {
            **asdict(domain),
            "points": str(domain.points),
            "terms": [{**asdict(term), "points": str(term.points)} for term in domain.terms],
        }
        for domain in card.domains
    ]


def index_of_domain(domain: DomainCriteria, known: Knowledge, decisions: int, at: datetime) -> DomainIndex:
    """Return how well an account is known in a domain.

    Args:
        known: by topic and name, what is known at all.
        decisions: ledger lines about the account within the domain's `use_days`.
    """
    found = [_found(wanted, known) for wanted in domain.wanted]
    shares = {
        Knowing.COVERAGE: _mean([Fraction(part is not None) for part in found]),
        Knowing.FRESHNESS: _mean([_fresh(w, part, at) for w, part in zip(domain.wanted, found, strict=True)]),
        Knowing.DEPTH: _mean([_depth(w, part) for w, part in zip(domain.wanted, found, strict=True)]),
        Knowing.USE: min(Fraction(1), Fraction(decisions, domain.use_decisions)),
    }
    reasons = _reasons(domain, found, decisions, at)
    terms = tuple(
        MeasureTerm(
            measure, points(shares[measure] * domain.weights[measure]), domain.weights[measure], reasons[measure]
        )
        for measure in Knowing
    )
    return DomainIndex(
        domain.domain,
        domain.title,
        sum((term.points for term in terms), Decimal(0)),
        terms,
        _missing(domain, found, decisions, at),
    )


def mean_points(domains: Sequence[DomainIndex]) -> Decimal:
    """Return the index of an account: the mean of its domains."""
    return points(_mean([Fraction(domain.points) for domain in domains]))


def points(share: Fraction) -> Decimal:
    """Return points with one decimal, halves to the even side."""
    return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(TENTH, ROUND_HALF_EVEN)


def _found(wanted: WantedKnowledge, known: Knowledge) -> Found | None:
    parts = [known[wanted.topic, name] for name in (wanted.names or ("",)) if (wanted.topic, name) in known]
    if not parts:
        return None
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.joined(part)
    return joined


def _fresh(wanted: WantedKnowledge, found: Found | None, at: datetime) -> Fraction:
    return Fraction(found is not None and at - found.last_at <= timedelta(days=wanted.fresh_days))


def _depth(wanted: WantedKnowledge, found: Found | None) -> Fraction:
    if found is None:
        return Fraction(0)
    had = (found.last_at - found.first_at).days if wanted.topic is Topic.WORK else found.count
    return min(Fraction(1), Fraction(had, wanted.depth))


def _mean(shares: Sequence[Fraction]) -> Fraction:
    return sum(shares, Fraction(0)) / len(shares)


def _reasons(domain: DomainCriteria, found: Sequence[Found | None], decisions: int, at: datetime) -> dict[Knowing, str]:
    wanted = len(domain.wanted)
    known = sum(part is not None for part in found)
    fresh = sum(_fresh(w, part, at) == 1 for w, part in zip(domain.wanted, found, strict=True))
    deep = sum(_depth(w, part) == 1 for w, part in zip(domain.wanted, found, strict=True))
    return {
        Knowing.COVERAGE: f"{known} of {wanted} things are known at all.",
        Knowing.FRESHNESS: f"{fresh} of {wanted} are known from lately.",
        Knowing.DEPTH: f"{deep} of {wanted} go as far back, or were said as often, as wanted.",
        Knowing.USE: f"{decisions} decisions spoke of it in {domain.use_days} days; {domain.use_decisions} are wanted.",
    }


def _missing(domain: DomainCriteria, found: Sequence[Found | None], decisions: int, at: datetime) -> tuple[str, ...]:
    sentences = []
    for wanted, part in zip(domain.wanted, found, strict=True):
        if part is None:
            sentences.append(f"Nobody has said {wanted.title}.")
            continue
        if not _fresh(wanted, part, at):
            days = (at - part.last_at).days
            sentences.append(f"We heard {wanted.title} {days} days ago; wanted within {wanted.fresh_days}.")
        if _depth(wanted, part) < 1:
            sentences.append(_too_shallow(wanted, part))
    if not decisions:
        sentences.append(f"No decision spoke of it in {domain.use_days} days.")
    return tuple(sentences)


def _too_shallow(wanted: WantedKnowledge, part: Found) -> str:
    if wanted.topic is Topic.WORK:
        days = (part.last_at - part.first_at).days
        return f"We know {wanted.title} for {days} days; wanted are {wanted.depth}."
    return f"We were told {wanted.title} {part.count} times; wanted are {wanted.depth}."


def _domain(given: Any) -> DomainCriteria:
    named = given.get("domain", "?") if isinstance(given, dict) else "?"
    where = f"domain {named}"
    part = _fields(given, {"domain", "title", "weights", "use", "wanted"}, where)
    weights = _fields(part["weights"], {measure.value for measure in Knowing}, f"{where}, weights")
    stated = {measure: _count(weights[measure.value], f"{where}, weights", 0, 100) for measure in Knowing}
    if sum(stated.values()) != 100:
        raise Invalid(f"The weights add up to {sum(stated.values())}, not 100.", where=f"{where}, weights")
    use = _fields(part["use"], {"days", "decisions"}, f"{where}, use")
    wanted = tuple(_wanted(thing, where) for thing in _list(part["wanted"], f"{where}, wanted"))
    if not wanted:
        raise Invalid("A domain wants to know something.", where=f"{where}, wanted")
    return DomainCriteria(
        domain=_word(part["domain"], where),
        title=_word(part["title"], where),
        weights=stated,
        wanted=wanted,
        use_days=_count(use["days"], f"{where}, use", 1, MOST_DAYS),
        use_decisions=_count(use["decisions"], f"{where}, use", 1, 1000),
    )


def _wanted(given: Any, where: str) -> WantedKnowledge:
    part = _fields(given, {"title", "topic", "names", "fresh_days", "depth"}, f"{where}, wanted")
    title = _word(part["title"], where)
    place = f"{where}, {title}"
    if part["topic"] not in set(Topic):
        raise Invalid(f"There is no topic {part['topic']!r}.", where=place, todo=f"Use one of {', '.join(Topic)}.")
    topic = Topic(part["topic"])
    names = tuple(_word(name, place) for name in _list(part["names"], place))
    if bool(names) == (topic is Topic.INSIGHT):
        raise Invalid("Work, facts and fields are named; insights are not.", where=place)
    return WantedKnowledge(
        title, topic, names, _count(part["fresh_days"], place, 1, MOST_DAYS), _count(part["depth"], place, 1, MOST_DAYS)
    )


def _fields(given: Any, names: set[str], where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Invalid("Here must be names and what they are.", where=where)
    for name in sorted(names - set(given)):
        raise Invalid(f"{name} is missing.", where=where)
    for name in given:
        if name not in names:
            raise Invalid(f"{name!r} means nothing here.", where=where, todo=f"Known are {', '.join(sorted(names))}.")
    return given


def _list(given: Any, where: str) -> list[Any]:
    if not isinstance(given, list):
        raise Invalid("Here must be a list.", where=where)
    return given


def _word(given: Any, where: str) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > 200:
        raise Invalid(f"{given!r} is no name.", where=where)
    return given.strip()


def _count(given: Any, where: str, least: int, most: int) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= most:
        raise Invalid(f"{given!r} is not a whole number from {least} to {most}.", where=where)
    return given
