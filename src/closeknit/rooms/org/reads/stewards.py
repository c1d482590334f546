"""Who answers for which data where, and which fields which department does not get."""

from datetime import datetime

from django.db.models import Q, QuerySet, Value

from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.org.contracts import Level, Permission
from closeknit.rooms.org.contracts.fields import sensitive_fields
from closeknit.rooms.org.contracts.stewards import (
    Department,
    SharingRuleCard,
    StewardCard,
    check_subject,
    domains_of,
)
from closeknit.rooms.org.models import Absence, DepartmentSharing, Stewardship
from closeknit.rooms.org.reads.actors import in_force


def find_steward(
    domain: str, field: str = "", *, region: str = "", site: str = "", by: Actor, at: datetime
) -> StewardCard | None:
    """Return who answers for a field of a domain at a place at an instant; None where nobody does.

    Who answers for the field comes before who answers for the whole domain; of each, the site's before the region's
    before everyone's. Who cannot sign in any more is passed over, and so is who is away while another one is there.
    """
    _require_colleague(by)
    check_subject(domain, field)
    places = Q(level=Level.GLOBAL.value)
    for level, place in ((Level.REGION, region), (Level.SITE, site)):
        if place:
            places |= Q(level=level.value, place=place)
    rows = Stewardship.objects.filter(
        places, _now(at), domain=domain, field__in={"", field}, person__user__is_active=True
    )
    found = sorted(_cards(rows, at), key=_closeness, reverse=True)
    return next((card for card in found if not card.is_away), found[0] if found else None)


def list_stewards(
    *, by: Actor, at: datetime, domain: str = "", person_key: str = "", also_past: bool = False
) -> list[StewardCard]:
    """Return who answers for what now or from later on, by domain, field and place; `also_past`: and who did before."""
    _require_colleague(by)
    rows = Stewardship.objects.all()
    if domain:
        check_subject(domain, "")
        rows = rows.filter(domain=domain)
    if person_key:
        rows = rows.filter(person_id=_number(person_key))
    if not also_past:
        rows = rows.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    return _cards(rows.order_by("domain", "field", "level", "place", "-starts_at"), at)


def get_stewardship(stewardship_id: int, *, by: Actor, at: datetime | None = None) -> StewardCard:
    """Return one appointment, or raise NotFound. Without an instant nobody counts as away."""
    _require_colleague(by)
    found = _cards(Stewardship.objects.filter(pk=stewardship_id), at)
    if not found:
        raise NotFound("There is no such stewardship.", where=str(stewardship_id))
    return found[0]


def list_sharing_rules(*, by: Actor, at: datetime, also_past: bool = False) -> list[SharingRuleCard]:
    """Return what departments do not get of each other's data, now or from later on."""
    _require_colleague(by)
    rows = DepartmentSharing.objects.order_by("domain", "field", "department", "-starts_at")
    if not also_past:
        rows = rows.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    return [_rule(row) for row in rows]


def get_sharing_rule(rule_id: int, *, by: Actor) -> SharingRuleCard:
    """Return one sharing rule, or raise NotFound."""
    _require_colleague(by)
    row = DepartmentSharing.objects.filter(pk=rule_id).first()
    if row is None:
        raise NotFound("There is no such sharing rule.", where=str(rule_id))
    return _rule(row)


def list_withholdable_fields(*, by: Actor) -> dict[str, frozenset[str]]:
    """Return the fields that a department can be kept from, by domain: those that are more than public."""
    _require_colleague(by)
    found: dict[str, set[str]] = {}
    for name, card in declared("cards").items():
        for kind, names in sensitive_fields(card).items():
            for domain in domains_of(name.partition(".")[0], kind):
                found.setdefault(domain, set()).update(names)
    return {domain: frozenset(names) for domain, names in found.items()}


def _require_colleague(by: Actor) -> None:
    """Refuse who does not work here: stewards are named to colleagues only."""
    if not any(by.may(p) for p in (Permission.READ_INTERNAL, Permission.READ_FEEDS, Permission.MANAGE_PEOPLE)):
        raise Denied(
            f"{by.name} may not ask who answers for data.",
            where=f"permission {Permission.READ_INTERNAL}",
            todo="Ask an administrator for a role that includes it.",
        )


def _now(at: datetime) -> Q:
    return Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))


def _closeness(card: StewardCard) -> tuple[bool, int]:
    return bool(card.field), (Level.GLOBAL, Level.REGION, Level.SITE).index(card.level)


def _number(person_key: str) -> int:
    number = person_key.removeprefix("person:")
    return int(number) if number.isascii() and number.isdecimal() else 0


def _cards(rows: QuerySet[Stewardship], at: datetime | None) -> list[StewardCard]:
    held = list(rows.select_related("person"))
    people = {row.person_id for row in held}
    away = set(
        Absence.objects.filter(in_force(Value(at)), person_id__in=people).values_list("person_id", flat=True)
        if people and at is not None
        else ()
    )
    return [_card(row, row.person_id in away) for row in held]


def _card(row: Stewardship, is_away: bool) -> StewardCard:
    return StewardCard(
        stewardship_id=row.pk,
        domain=row.domain,
        field=row.field,
        level=Level(row.level),
        place=row.place,
        person_key=f"person:{row.person_id}",
        person_name=row.person.name,
        is_away=is_away,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        appointed_by=row.appointed_by_name,
        appointed_at=row.appointed_at,
        end_reason=row.end_reason,
        thread_id=row.thread_id,
    )


def _rule(row: DepartmentSharing) -> SharingRuleCard:
    return SharingRuleCard(
        rule_id=row.pk,
        domain=row.domain,
        field=row.field,
        department=Department(row.department),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        set_by=row.set_by_name,
        set_at=row.set_at,
        end_reason=row.end_reason,
        thread_id=row.thread_id,
    )
