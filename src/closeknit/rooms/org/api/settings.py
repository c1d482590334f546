"""JSON operations of org: settings by place."""

from datetime import date, datetime
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.end_setting import end_setting
from closeknit.rooms.org.actions.review_setting import review_setting
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts import Deviation, Kind, Level, Setting, SettingCard, SettingValue

router = Router(tags=["settings"])
Value = StrictBool | StrictInt | StrictFloat | StrictStr
"""Money is text, such as "12.50"; shares are 0..1."""


class SettingAnswer(Schema):
    """A setting, as its room declares it."""

    key: str
    kind: Kind
    default: Value
    unit: str
    sentence: str
    taken: str
    choices: list[str]
    levels: list[Level]


class SettingValueAnswer(Schema):
    """A value that somebody set for a place."""

    value_id: int
    key: str
    level: Level
    place: str
    value: Value
    set_by: str
    reason: str
    set_at: datetime
    starts_at: datetime
    ends_at: datetime | None
    ended_by: str
    end_reason: str
    ended_at: datetime | None
    review_on: date | None
    thread_id: UUID


class SettingSaid(Schema):
    """What one level says."""

    level: Level
    place: str
    value: Value | None
    wins: bool
    found: SettingValueAnswer | None


class SettingResolved(Schema):
    """The value in force somewhere, and why."""

    setting: SettingAnswer
    value: Value
    level: Level
    place: str
    who: str
    why: str
    since_at: datetime | None
    until_at: datetime | None
    value_id: int | None
    thread_id: UUID | None
    chain: list[SettingSaid]


class SettingLine(Schema):
    """A setting with its value for everyone."""

    setting: SettingAnswer
    value: Value
    level: Level
    deviations: int


class DeviationAnswer(Schema):
    """A local value beside the global one."""

    value: SettingValueAnswer
    global_value: Value
    is_review_due: bool


class NewSettingValue(Schema):
    """A value to set. `seen_id` is the number of the value in force that you saw; 0 where there was none."""

    value: Value
    level: Level = Level.GLOBAL
    place: str = ""
    reason: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    review_on: date | None = None
    seen_id: int | None = None


class SettingReason(Schema):
    """Why."""

    reason: str


class SettingReview(Schema):
    """When it is looked at next, and why it is kept."""

    review_on: date
    reason: str


@router.get("/settings", response=list[SettingLine])
def list_settings(request: Request, search: str = ""):
    """Every setting by key, with its value for everyone."""
    return [_line(card) for card in reads.list_settings(search=search, at=clock.now(), by=request.actor)]


@router.get("/settings/deviations", response=list[DeviationAnswer])
def list_deviations(request: Request, key: str = "", level: str = "", place: str = "", due: bool = False):
    """Local values in force that differ from the global ones."""
    found = reads.list_deviations(key=key, level=level, place=place, due_only=due, at=clock.now(), by=request.actor)
    return [_deviation(deviation) for deviation in found]


@router.get("/settings/values/{int:value_id}", response=SettingValueAnswer)
def get_value(request: Request, value_id: int):
    """One value that somebody set."""
    value = reads.get_setting_value(value_id, by=request.actor)
    return _value(reads.get_declared(value.key, by=request.actor), value)


@router.post("/settings/values/{int:value_id}/end", response=SettingValueAnswer)
def end_value(request: Request, value_id: int, body: SettingReason):
    """End a value now, or take back a planned one."""
    end_setting(value_id, reason=body.reason, by=request.actor, at=clock.now())
    return get_value(request, value_id)


@router.post("/settings/values/{int:value_id}/review", response=SettingValueAnswer)
def review_value(request: Request, value_id: int, body: SettingReview):
    """Keep a local value until the next review."""
    review_setting(value_id, review_on=body.review_on, reason=body.reason, by=request.actor, at=clock.now())
    return get_value(request, value_id)


@router.get("/settings/{key}", response=SettingResolved)
def get_setting(
    request: Request,
    key: str,
    region: str = "",
    site: str = "",
    tier: str = "",
    account_number: str = "",
    at: datetime | None = None,
):
    """The value in force somewhere, at a time (default: now), and what each level says."""
    by = request.actor
    setting = reads.get_declared(key, by=by)
    found = reads.get_setting(
        setting, region=region, site=site, tier=tier, account_number=account_number, at=at or clock.now(), by=by
    )
    chain = [
        SettingSaid(
            level=said.level,
            place=said.place,
            value=setting.stored(said.value),
            wins=said.wins,
            found=_value(setting, said.found) if said.found else None,
        )
        for said in found.chain
    ]
    named = ("level", "place", "who", "why", "since_at", "until_at", "value_id", "thread_id")
    return SettingResolved(
        setting=_setting(setting),
        value=setting.stored(found.value),
        chain=chain,
        **{name: getattr(found, name) for name in named},
    )


@router.get("/settings/{key}/values", response=list[SettingValueAnswer])
def list_values(request: Request, key: str, level: str = "", place: str = "", limit: int = Query(100, ge=1, le=1000)):
    """The values that a setting had, has and will have, latest first."""
    by = request.actor
    setting = reads.get_declared(key, by=by)
    found = reads.list_setting_values(key, level=level, place=place, limit=limit, by=by)
    return [_value(setting, value) for value in found]


@router.post("/settings/{key}/values", response={201: SettingValueAnswer})
def set_value(request: Request, key: str, body: NewSettingValue):
    """Set a value for everyone, or for one place."""
    setting = reads.get_declared(key, by=request.actor)
    value_id = set_setting(key, **body.dict(), by=request.actor, at=clock.now())
    return Status(201, _value(setting, reads.get_setting_value(value_id, by=request.actor)))


def _setting(setting: Setting) -> SettingAnswer:
    names = ("key", "kind", "unit", "sentence", "taken", "choices", "levels")
    return SettingAnswer(default=setting.stored(setting.default), **{name: getattr(setting, name) for name in names})


def _value(setting: Setting, value: SettingValue) -> SettingValueAnswer:
    named = {name: getattr(value, name) for name in SettingValueAnswer.model_fields if name != "value"}
    return SettingValueAnswer(value=setting.stored(value.value), **named)


def _line(card: SettingCard) -> SettingLine:
    return SettingLine(
        setting=_setting(card.setting),
        value=card.setting.stored(card.resolved.value),
        level=card.resolved.level,
        deviations=card.deviations,
    )


def _deviation(deviation: Deviation) -> DeviationAnswer:
    return DeviationAnswer(
        value=_value(deviation.setting, deviation.value),
        global_value=deviation.setting.stored(deviation.global_value),
        is_review_due=deviation.is_review_due,
    )
