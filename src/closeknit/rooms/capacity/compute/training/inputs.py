"""What a question about training is computed from, beside the plan: people, and how long things take to learn."""

from dataclasses import dataclass

from closeknit.rooms.capacity.compute.inputs import PoolInput

TRAINING_VERSION = "training/1"
ANY = "*"


@dataclass(frozen=True, slots=True)
class Trainee:
    """Somebody who works in a pool, by number, with skills in lower case and paid minutes a week."""

    person: str
    pool: str
    skills: tuple[str, ...]
    week_minutes: int


@dataclass(frozen=True, slots=True)
class StatedHours:
    """How many paid hours it takes to learn for one pool: a skill (0: nobody said), and what takes other hours."""

    pool: str
    hours: float
    by_name: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TrainingInputs:
    """People, hours and the programme's budget of hours. With the plan's snapshot they are all that goes in.

    `uses_skills_held`: who has the skills for another pool already is taken to help there before anybody learns.
    """

    people: tuple[Trainee, ...]
    stated: tuple[StatedHours, ...]
    budget_hours: float
    uses_skills_held: bool = True


def skills_missing(trainee: Trainee, home: PoolInput, target: PoolInput, stated: StatedHours) -> tuple[str, ...]:
    """Return what somebody has to learn to serve another pool; nothing: it can be done already.

    A pool asks for its services. Who works in a pool has those that it serves, and the skills that stand in the staff
    file. A pool whose own hours are stated is a skill of its own, whatever its services.
    """
    if target.pool.lower() in trainee.skills:
        return ()
    if target.pool.lower() in dict(stated.by_name):
        return (target.pool,)
    has = {service.lower() for service in home.services} | set(trainee.skills)
    if ANY in has:
        return ()
    return tuple(service for service in target.services if service.lower() not in has)


def hours_to_learn(missing: tuple[str, ...], stated: StatedHours) -> float | None:
    """Return the paid hours that all of it takes; None where nobody said of one of them."""
    by_name = dict(stated.by_name)
    hours = [by_name.get(skill.lower(), stated.hours) for skill in missing]
    return None if any(each <= 0.0 for each in hours) else float(sum(hours))
