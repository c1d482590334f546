"""What is set where: the value in force somewhere and why, the history of a place, and what deviates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Q, QuerySet

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.org.compute import resolve
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import (
    LEVELS,
    Deviation,
    Level,
    Resolved,
    Setting,
    SettingCard,
    SettingPlace,
    SettingValue,
)
from closeknit.rooms.org.models import AccountPlace, SettingValueRow
from closeknit.rooms.org.reads.scope import list_visible, place_of, visible_account_numbers

SETTINGS = "settings"
TIERS = "tiers"


def get_setting(
    setting: Setting,
    *,
    region: str = "",
    site: str = "",
    tier: str = "",
    account_number: str = "",
    at: datetime,
    by: Actor,
) -> Resolved:
    """Return the value of a setting somewhere at an instant, with who, why, since and until, and what each level says.

    An account brings its own region where none is given. Needs no permission of its own, as what a room does by a
    setting needed one; a named account must be in the actor's scope.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    return get_settings(setting, [SettingPlace(region, site, tier, account_number)], at=at, by=by)[0]


def get_settings(setting: Setting, places: Sequence[SettingPlace], *, at: datetime, by: Actor) -> list[Resolved]:
    """Return the value of a setting at each of many places, in their order, from one query of its values."""
    _check_instant(at)
    whole = _with_regions(places, by)
    wanted = Q(level=Level.GLOBAL.value)
    for level in LEVELS[1:]:
        names = {name for place in whole if (name := place.at_level(level))}
        if names:
            wanted |= Q(level=level.value, place__in=names)
    values = _values(_in_force(at).filter(wanted, key=setting.key), {setting.key: setting})
    by_place = {(value.level, value.place): value for value in values}
    return [resolve(setting, _held(by_place, place), place, at) for place in whole]


def get_settings_together(
    settings: Sequence[Setting], place: SettingPlace, *, at: datetime, by: Actor
) -> dict[str, Resolved]:
    """Return the values of many settings at one place by their keys, from one query of its values.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    _check_instant(at)
    whole = _with_regions([place], by)[0]
    known = {setting.key: setting for setting in settings}
    wanted = Q(level=Level.GLOBAL.value)
    for level in LEVELS[1:]:
        if name := whole.at_level(level):
            wanted |= Q(level=level.value, place=name)
    held: dict[str, dict[tuple[Level, str], SettingValue]] = {key: {} for key in known}
    for value in _values(_in_force(at).filter(wanted, key__in=known), known):
        held[value.key][value.level, value.place] = value
    return {key: resolve(setting, _held(held[key], whole), whole, at) for key, setting in known.items()}


def list_places_set(setting: Setting, level: Level, *, at: datetime, by: Actor) -> list[str]:
    """Return the places of a level that have a value of their own at an instant, by name, out of those in scope.

    So that who asks for a great many places need only ask for these and for one of the others.
    """
    by.require(Permission.READ_INTERNAL)
    _check_instant(at)
    rows = _visible(by).filter(_in_force_at(at), key=setting.key, level=level.value)
    return sorted(set(rows.values_list("place", flat=True)))


def find_declared(key: str, *, by: Actor) -> Setting | None:
    """Return the setting with a key, or None where no room declares it."""
    by.require(Permission.READ_INTERNAL)
    return all_declared().get(key)


def get_declared(key: str, *, by: Actor) -> Setting:
    """Return the setting with a key, or raise NotFound where no room declares it."""
    setting = find_declared(key, by=by)
    if setting is None:
        raise NotFound("There is no such setting.", where=key, todo="See: closeknit org settings list.")
    return setting


def list_settings(*, search: str = "", at: datetime, by: Actor) -> list[SettingCard]:
    """Return every declared setting by key, with its value for everyone and how many places deviate from it."""
    by.require(Permission.READ_INTERNAL)
    _check_instant(at)
    words = search.strip().lower()
    declared_here = all_declared()
    rows = _values(_visible(by).filter(_in_force_at(at)), declared_here)
    deviating = _deviating(rows, declared_here, at)
    return [
        SettingCard(
            setting,
            resolve(setting, rows, SettingPlace(), at),
            sum(1 for deviation in deviating if deviation.setting.key == key),
        )
        for key, setting in sorted(declared_here.items())
        if words in key or words in setting.sentence.lower()
    ]


def list_setting_values(
    key: str, *, level: str = "", place: str = "", by: Actor, limit: int = 500
) -> list[SettingValue]:
    """Return the values that a setting had, has and will have at every place that the actor may see, latest first."""
    setting = get_declared(key, by=by)
    rows = _visible(by).filter(key=key)
    if level:
        rows = rows.filter(level=level, place=place)
    return _values(rows.order_by("-starts_at", "-pk")[:limit], {key: setting})


def get_setting_value(value_id: int, *, by: Actor) -> SettingValue:
    """Return one value that somebody set, or raise NotFound where there is none that the actor may see."""
    by.require(Permission.READ_INTERNAL)
    found = _values(_visible(by).filter(pk=value_id), all_declared())
    if not found:
        raise NotFound("There is no such value.", where=f"value {value_id}")
    return found[0]


def list_deviations(
    *, key: str = "", level: str = "", place: str = "", due_only: bool = False, at: datetime, by: Actor
) -> list[Deviation]:
    """Return every local value in force that differs from the global one, by setting, level and place."""
    by.require(Permission.READ_INTERNAL)
    _check_instant(at)
    declared_here = all_declared()
    rows = _values(_visible(by).filter(_in_force_at(at)), declared_here)
    return [
        deviation
        for deviation in _deviating(rows, declared_here, at)
        if (not key or deviation.setting.key == key)
        and (not level or deviation.value.level == level)
        and (not place or place.lower() in deviation.value.place.lower())
        and (deviation.is_review_due or not due_only)
    ]


def count_deviations(*, at: datetime, by: Actor) -> int:
    """Return how many local values in force differ from the global ones, of those that the actor may see."""
    return len(list_deviations(at=at, by=by))


def may_set(level: Level, place: str, *, by: Actor) -> bool:
    """Tell whether the actor may set values there."""
    try:
        require_setter(level, place, by=by)
    except (Denied, NotFound):
        return False
    return True


def require_setter(level: Level, place: str, *, by: Actor) -> None:
    """Refuse unless the actor may set values there.

    Who manages settings may everywhere; who may deviate does so for regions, sites and accounts of the own scope.
    """
    if level is Level.ACCOUNT:
        _require_account(place, by)
    if by.may(Permission.MANAGE_SETTINGS):
        return
    by.require(Permission.SET_LOCALLY)
    scope = by.scope_of(Permission.SET_LOCALLY)
    is_own_region = any(g.region == place and g.team_id is None and not g.account_number for g in scope.grants)
    allowed = {
        Level.REGION: scope.every_account or is_own_region,
        Level.SITE: scope.every_account,
        Level.ACCOUNT: scope.covers(place_of(place)),
    }
    if not allowed.get(level, False):
        raise Denied(
            f"{by.name} may not set values for {level.value} {place}".rstrip() + ".",
            where=f"permission {Permission.MANAGE_SETTINGS}",
            todo="Ask who manages settings, or set it for a region, site or account of your own.",
        )


def all_declared() -> Mapping[str, Setting]:
    """Return every setting that a room declares, by key."""
    return declared(SETTINGS)


def _deviating(rows: Sequence[SettingValue], known: Mapping[str, Setting], at: datetime) -> list[Deviation]:
    globals_ = {row.key: row.value for row in rows if row.level is Level.GLOBAL}
    found = []
    for row in rows:
        setting = known[row.key]
        beside = globals_.get(row.key, setting.default)
        if row.level is not Level.GLOBAL and row.value != beside:
            due = row.review_on is not None and row.review_on <= at.date()
            found.append(Deviation(setting, row, beside, due))
    return sorted(found, key=lambda d: (d.setting.key, LEVELS.index(d.value.level), d.value.place))


def _with_regions(places: Sequence[SettingPlace], by: Actor) -> list[SettingPlace]:
    """Return the places with the regions of their accounts; refuse an account out of scope."""
    numbers = {place.account_number for place in places if place.account_number}
    hidden = numbers - list_visible(numbers, by=by) if numbers else set()
    if hidden:
        raise NotFound("There is no such account.", where=min(hidden))
    asked = {place.account_number for place in places if place.account_number and not place.region}
    if not asked:
        return list(places)
    regions = dict(AccountPlace.objects.filter(pk__in=asked).values_list("account_number", "region"))
    return [replace(p, region=p.region or regions.get(p.account_number, "")) for p in places]


def _held(by_place: Mapping[tuple[Level, str], SettingValue], place: SettingPlace) -> list[SettingValue]:
    names = [(level, name) for level in LEVELS if (name := place.at_level(level)) is not None]
    return [by_place[name] for name in names if name in by_place]


def _in_force_at(at: datetime) -> Q:
    return Q(starts_at__lte=at) & (Q(ends_at=None) | Q(ends_at__gt=at))


def _in_force(at: datetime) -> QuerySet[SettingValueRow]:
    return SettingValueRow.objects.filter(_in_force_at(at))


def _visible(by: Actor) -> QuerySet[SettingValueRow]:
    """Return the values that the actor may read: those of single accounts only where they are in scope."""
    rows = SettingValueRow.objects.all()
    if by.scope_of(Permission.READ_INTERNAL).every_account:
        return rows
    return rows.filter(
        ~Q(level=Level.ACCOUNT.value) | Q(place__in=visible_account_numbers(by, Permission.READ_INTERNAL))
    )


def _values(rows: "QuerySet[SettingValueRow]", known: Mapping[str, Setting]) -> list[SettingValue]:
    return [_value(row, known[row.key]) for row in rows if row.key in known]


def _value(row: SettingValueRow, setting: Setting) -> SettingValue:
    return SettingValue(
        value_id=row.pk,
        key=row.key,
        level=Level(row.level),
        place=row.place,
        value=setting.revived(row.value),
        set_by_key=row.set_by_key,
        set_by=row.set_by_name,
        reason=row.reason,
        set_at=row.set_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        ended_by=row.ended_by_name,
        end_reason=row.end_reason,
        ended_at=row.ended_at,
        review_on=row.review_on,
        thread_id=row.thread_id,
    )


def _check_instant(at: datetime) -> None:
    clock.check(at, where="at")


def _require_account(account_number: str, by: Actor) -> None:
    is_known = AccountPlace.objects.filter(pk=account_number).exists()
    if not is_known or not by.may_at(Permission.READ_ACCOUNTS, place_of(account_number)):
        raise NotFound("There is no such account.", where=account_number)
