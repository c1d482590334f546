"""Cross-training: which person learns which pool's work for the most service per hour of training."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from closeknit.kernel.errors import Invalid
from closeknit.rooms.org.contracts.fields import PERSONAL, PRICES
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

MOST_BUDGET_HOURS = 5000.0
MOST_STATED_HOURS = 5000.0
NOTHING = "none"
_LEVELS = (Level.GLOBAL, Level.REGION, Level.SITE)
_PART = re.compile(r"(.*\S)\s+(\d{1,4}(?:\.\d{1,2})?)", re.ASCII)
TRAINING_HOURS = Setting(
    key="capacity.training_hours",
    kind=Kind.HOURS,
    default=0.0,
    unit="",
    sentence="How many paid hours it takes to learn a skill for the pools there; 0: nobody said, so nothing is ranked.",
    lowest=0,
    highest=MOST_STATED_HOURS,
    levels=_LEVELS,
)
TRAINING_HOURS_OF = Setting(
    key="capacity.training_hours_of",
    kind=Kind.TEXT,
    default=NOTHING,
    unit="",
    sentence="Skills and pools that take other hours to learn there, such as: email 24; phone 40; phone-dach 60.",
    levels=_LEVELS,
)
TRAINING_BUDGET_HOURS = Setting(
    key="capacity.training_budget_hours",
    kind=Kind.HOURS,
    default=120.0,
    unit="",
    sentence="How many hours of training a programme may take together, where nobody asks for other hours.",
    lowest=0,
    highest=MOST_BUDGET_HOURS,
    levels=(Level.GLOBAL,),
)
TRAINING_SETTINGS = (TRAINING_HOURS, TRAINING_HOURS_OF, TRAINING_BUDGET_HOURS)


def training_hours_by_name(text: str) -> Mapping[str, float]:
    """Read which skill or pool takes how many hours: "email 24; phone 40". Names in lower case; "none" names none.

    Raises:
        Invalid: for a part without a name and hours above 0, or a name that stands twice.
    """
    found: dict[str, float] = {}
    for part in (part.strip() for part in re.split(r"[;,]", text)):
        if part in ("", NOTHING):
            continue
        told = _PART.fullmatch(part)
        name, hours = (told[1].lower(), float(told[2])) if told else ("", 0.0)
        if not 0.0 < hours <= MOST_STATED_HOURS or name in found:
            raise Invalid(
                f"{part[:40]!r} does not say how long something takes to learn, or says it twice.",
                where=TRAINING_HOURS_OF.key,
                todo="Set it to skills or pools, each with its hours, such as: email 24; phone 40.",
            )
        found[name] = hours
    return found


@dataclass(frozen=True, slots=True)
class TrainingAsked:
    """How many hours of training a programme may take (None: as set), and what people are taken to do already.

    `uses_skills_held`: whoever has the skills for another pool already is taken to help there, before anybody learns.
    """

    budget_hours: float | None = None
    uses_skills_held: bool = True


@dataclass(frozen=True, slots=True)
class TrainingPerson:
    """Somebody who could learn it, by number."""

    person: str
    name: str | None = field(metadata=PERSONAL)


@dataclass(frozen=True, slots=True)
class TrainingOption:
    """One person of a pool who learns to serve another: all of `people` are alike in what the plan knows of them.

    `training_hours`: paid hours, None: nobody said how many. `worth_per_week`: what overtime and shortfalls cost less,
    measured by solving the plan again with the person's hours free to go to either pool, a mean over the plan's weeks;
    `at_most_per_week`: what the plan's prices allow at most. `weeks_to_pay`: the pay for the training over the worth.
    """

    pool: str
    pool_name: str
    to_pool: str
    to_pool_name: str
    skills: tuple[str, ...]
    people: tuple[TrainingPerson, ...]
    week_hours: float
    training_hours: float | None
    short_hours_less_per_week: float
    overtime_hours_less_per_week: float
    hours_moved_per_week: float
    worth_per_week: Decimal | None = field(metadata=PRICES)
    at_most_per_week: Decimal | None = field(metadata=PRICES)
    worth_per_training_hour: Decimal | None = field(metadata=PRICES)
    training_cost: Decimal | None = field(metadata=PRICES)
    weeks_to_pay: float | None = field(metadata=PRICES)
    sentence: str


@dataclass(frozen=True, slots=True)
class TrainingKept:
    """Whose promises a step keeps better: an account, or a tier planned together (""), with hours less short a week."""

    account_number: str
    tier: str
    hours_less_per_week: float


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """One step of a programme: a person learns, measured beside all steps before it."""

    person: str
    name: str | None = field(metadata=PERSONAL)
    pool: str
    pool_name: str
    to_pool: str
    to_pool_name: str
    skills: tuple[str, ...]
    training_hours: float
    hours_so_far: float
    short_hours_less_per_week: float
    worth_per_week: Decimal | None = field(metadata=PRICES)
    worth_so_far_per_week: Decimal | None = field(metadata=PRICES)
    worth_per_training_hour: Decimal | None = field(metadata=PRICES)
    training_cost: Decimal | None = field(metadata=PRICES)
    weeks_to_pay: float | None = field(metadata=PRICES)
    kept: tuple[TrainingKept, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class TrainingCase:
    """Who should learn what, held against a plan. Nothing is recorded; equal inputs give equal digests.

    `options` are what one person alone would bring, the most per training hour first; `unranked` those of which nobody
    said how long they take. `programme` is what to do one after another within `budget_hours`. `unstated`: skills and
    pools without hours. `skills_held_people`: who helps elsewhere already, worth `skills_held_worth_per_week`.
    `pools_without_people`: no staff file or feed says who works there.
    """

    plan_id: UUID
    thread_id: UUID
    operation: str
    state: str
    first_on: date
    weeks: int
    currency: str
    budget_hours: float
    uses_skills_held: bool
    people: int
    skills_held_people: int
    skills_held_worth_per_week: Decimal | None = field(metadata=PRICES)
    options: tuple[TrainingOption, ...]
    unranked: tuple[TrainingOption, ...]
    programme: tuple[TrainingStep, ...]
    unstated: tuple[str, ...]
    pools_without_people: tuple[str, ...]
    verdict: str
    assumptions: tuple[str, ...]
    inputs_digest: str
    digest: str
