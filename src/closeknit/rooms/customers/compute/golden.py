"""Which source's word on an account counts, and why: pure, no database."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from closeknit.kernel.errors import Invalid
from closeknit.rooms.customers.contracts import (
    ADDRESS,
    CLAIM_FIELDS,
    CONSENT,
    OTHERS,
    OWN,
    PERSONAL_FIELDS,
    STEWARD,
    ClaimCard,
    Criterion,
    GoldenField,
    RecordStatement,
    SurvivorshipGroup,
    SurvivorshipRules,
)

_FIRST = (STEWARD, OWN, OTHERS)
_RECENT = (Criterion.PRIORITY, Criterion.MOST_RECENT)
SHIPPED = SurvivorshipRules(
    version=0,
    groups=(
        SurvivorshipGroup(("name",), _RECENT, _FIRST),
        SurvivorshipGroup(ADDRESS, (*_RECENT, Criterion.MOST_COMPLETE), (STEWARD, OTHERS)),
        SurvivorshipGroup(("region", "time_zone", "jurisdiction"), _RECENT, _FIRST),
        *(
            SurvivorshipGroup((name,), _RECENT, (STEWARD, OTHERS))
            for name in ("industry", "phone", "email", "website", "tax_id", "duns")
        ),
    ),
    reason="As shipped: a steward's word first, then the most recent.",
)
STRICTEST = "the strictest word of all sources counts"
UNTRUSTED = "found wrong by a steward"
_WORDS = {
    Criterion.PRIORITY: "its system comes first",
    Criterion.MOST_RECENT: "it is the most recent",
    Criterion.MOST_COMPLETE: "it is the most complete",
    Criterion.LONGEST: "it is the longest",
}
_LOST = {
    Criterion.PRIORITY: "another system comes first",
    Criterion.MOST_RECENT: "another word is more recent",
    Criterion.MOST_COMPLETE: "another word is more complete",
    Criterion.LONGEST: "another word is longer",
}


def golden_fields(
    account_number: str, statements: Sequence[RecordStatement], rules: SurvivorshipRules, at: datetime
) -> tuple[GoldenField, ...]:
    """Return every field of an account as it counts at an instant, in the order of `CLAIM_FIELDS`."""
    found: dict[str, GoldenField] = {}
    for group in rules.groups:
        found |= _survive(account_number, group, statements, at)
    found[CONSENT] = _consent(account_number, statements, at)
    return tuple(found[name] for name in CLAIM_FIELDS)


def golden_values(statements: Sequence[RecordStatement], rules: SurvivorshipRules) -> dict[str, str]:
    """Return the values that count, "" where nobody states one."""
    values = dict.fromkeys(CLAIM_FIELDS, "")
    for group in rules.groups:
        ranked, _ = _ranked(group, statements)
        for name in group.fields:
            values[name] = ranked[0].fields.get(name, "") if ranked else ""
    values[CONSENT] = strictest_consent(each.fields[CONSENT] for each in _consents(statements))
    return values


def golden_sources(statements: Sequence[RecordStatement], rules: SurvivorshipRules) -> dict[str, RecordStatement]:
    """Return whose word counts for each field that somebody states."""
    found: dict[str, RecordStatement] = {}
    for group in rules.groups:
        ranked, _ = _ranked(group, statements)
        found |= dict.fromkeys(group.fields, ranked[0]) if ranked else {}
    consents = _strictest_first(statements)
    return found | ({CONSENT: consents[0]} if consents else {})


def strictest_consent(words: Iterable[str]) -> str:
    """Return the strictest word on whether an account may be contacted: one "no" outweighs all "yes".

    "" where no source says anything. Privacy's own register is asked beside this; neither loosens the other.
    """
    said = {word.strip().lower() for word in words} - {""}
    return "no" if said - {"yes"} else "yes" if said else ""


def check_rules(groups: Sequence[SurvivorshipGroup]) -> None:
    """Refuse rules that leave a field out, name one twice or one that there is not, or say no criterion."""
    named = [name for group in groups for name in group.fields]
    twice = sorted({name for name in named if named.count(name) > 1})
    wanted = set(CLAIM_FIELDS) - {CONSENT}
    if twice:
        raise Invalid(f"{twice[0]} stands in two groups.", where=twice[0], todo="Name every field once.")
    if set(named) != wanted:
        odd = sorted(wanted ^ set(named))[0]
        what = "in no group" if odd in wanted else "no field of a record"
        raise Invalid(f"{odd} is {what}.", where=odd, todo=f"Name each of these once: {', '.join(sorted(wanted))}.")
    for group in groups:
        if not group.by:
            raise Invalid("A group says no criterion.", where=group.fields[0], todo=f"Use {', '.join(Criterion)}.")
        if Criterion.PRIORITY in group.by and OTHERS not in group.systems:
            raise Invalid(
                "Priority needs a list of systems with a place for all others.",
                where=group.fields[0],
                todo=f'End `systems` with "{OTHERS}".',
            )


def _survive(
    account_number: str, group: SurvivorshipGroup, statements: Sequence[RecordStatement], at: datetime
) -> dict[str, GoldenField]:
    ranked, why = _ranked(group, statements)
    found = {}
    for name in group.fields:
        rule = _rule_words(ranked, why, group)
        winner = _claim(account_number, name, ranked[0], at, True, rule) if ranked else None
        others = [
            _claim(account_number, name, each, at, False, _lost(each, group, ranked[0], name)) for each in ranked[1:]
        ]
        found[name] = GoldenField(
            field=name,
            survives=winner,
            rule=rule,
            together_with=tuple(other for other in group.fields if other != name),
            others=tuple(claim for claim in others if claim.value or claim.personal_value),
        )
    return found


def _ranked(
    group: SurvivorshipGroup, statements: Sequence[RecordStatement]
) -> tuple[list[RecordStatement], Criterion | None]:
    """Return the records that state a field of the group, the surviving one first, and what chose it."""
    there = [each for each in statements if any(each.fields.get(name) for name in group.fields)]
    keys = [_trust(group), *(_KEYS[criterion](group) for criterion in group.by)]
    ranked = sorted(
        there,
        key=lambda each: (*(-key(each) for key in keys), each.system, each.record_key),
    )
    if len(ranked) < 2:
        return ranked, None
    first, second = ranked[0], ranked[1]
    for criterion, key in zip(group.by, keys[1:], strict=True):
        if key(first) != key(second):
            return ranked, criterion
    return ranked, None


Key = Callable[[RecordStatement], float]


def _trust(group: SurvivorshipGroup) -> Key:
    return lambda each: 0.0 if each.untrusted & set(group.fields) else 1.0


def _priority(group: SurvivorshipGroup) -> Key:
    place = {system: float(-at) for at, system in enumerate(group.systems)}
    others = place.get(OTHERS, float(-len(place)))
    return lambda each: place.get(each.system, place.get(OWN, others) if each.is_own else others)


def _recent(_: SurvivorshipGroup) -> Key:
    return lambda each: each.observed_at.timestamp()


def _complete(group: SurvivorshipGroup) -> Key:
    return lambda each: float(sum(bool(each.fields.get(name)) for name in group.fields))


def _long(group: SurvivorshipGroup) -> Key:
    return lambda each: float(sum(len(each.fields.get(name, "")) for name in group.fields))


_KEYS: Mapping[Criterion, Callable[[SurvivorshipGroup], Key]] = {
    Criterion.PRIORITY: _priority,
    Criterion.MOST_RECENT: _recent,
    Criterion.MOST_COMPLETE: _complete,
    Criterion.LONGEST: _long,
}


def _rule_words(ranked: Sequence[RecordStatement], why: Criterion | None, group: SurvivorshipGroup) -> str:
    if not ranked:
        return "no source states it"
    if len(ranked) == 1:
        return "the only source that states it"
    if bool(ranked[0].untrusted & set(group.fields)) != bool(ranked[1].untrusted & set(group.fields)):
        return "the other word was found wrong"
    return _WORDS[why] if why else "all sources rank alike; the first by name"


def _lost(each: RecordStatement, group: SurvivorshipGroup, winner: RecordStatement, name: str) -> str:
    if each.fields.get(name) == winner.fields.get(name):
        return "says the same"
    if name in each.untrusted:
        return UNTRUSTED
    for criterion in group.by:
        key = _KEYS[criterion](group)
        if key(each) != key(winner):
            return _LOST[criterion]
    return "ranks alike; another is first by name"


def _consents(statements: Sequence[RecordStatement]) -> list[RecordStatement]:
    return [each for each in statements if each.fields.get(CONSENT) and CONSENT not in each.untrusted]


def _strictest_first(statements: Sequence[RecordStatement]) -> list[RecordStatement]:
    said = _consents(statements)
    strict = strictest_consent(each.fields[CONSENT] for each in said)
    return sorted(said, key=lambda each: (strictest_consent([each.fields[CONSENT]]) != strict, each.system))


def _consent(account_number: str, statements: Sequence[RecordStatement], at: datetime) -> GoldenField:
    ordered = _strictest_first(statements)
    claims = [
        _claim(account_number, CONSENT, each, at, not place, STRICTEST if not place else "counts where it is stricter")
        for place, each in enumerate(ordered)
    ]
    rule = STRICTEST if len(claims) > 1 else "the only source that states it" if claims else "no source states it"
    return GoldenField(CONSENT, claims[0] if claims else None, rule, (), tuple(claims[1:]))


def _claim(
    account_number: str, name: str, each: RecordStatement, at: datetime, counts: bool, standing: str
) -> ClaimCard:
    value: dict[str, Any] = {"value": each.fields.get(name, ""), "personal_value": None}
    if name in PERSONAL_FIELDS:
        value = {"value": None, "personal_value": each.fields.get(name, "")}
    return ClaimCard(
        account_number=account_number,
        field=name,
        **value,
        system=each.system,
        record_key=each.record_key,
        record_id=each.record_id,
        observed_at=each.observed_at,
        learned_at=each.learned_at,
        age_days=max(0, (at - each.observed_at).days),
        is_trusted=name not in each.untrusted,
        counts=counts,
        standing=standing,
        feed=each.feed,
        batch_id=each.batch_id,
        source_name=each.source_name,
        line=each.line,
        stated_by=each.stated_by,
    )
