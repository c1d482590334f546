"""Why is this person not on that shift? In words."""

from datetime import date, timedelta

from closeknit.engine.rostering import RosterRule, why_not
from closeknit.rooms.capacity.compute.rosters.inputs import RosterInputs, RosterTold
from closeknit.rooms.capacity.compute.rosters.making import numbers_of
from closeknit.rooms.capacity.compute.rosters.problem import Before, week_problem
from closeknit.rooms.capacity.contracts.rosters import RosterWhyNot

WORDS = {
    RosterRule.CAN_WORK: "does not work shifts of this start, or lacks the skill",
    RosterRule.DAY_OFF: "is away",
    RosterRule.BANNED: "would have too little rest after the last shift before this roster",
    RosterRule.SUCCESSION: "would have too little rest between two shifts",
    RosterRule.MOST_MINUTES: "would work more hours than contract or law allow in the week",
    RosterRule.MOST_DAYS_ON: "would work too many days in a row",
    RosterRule.MOST_WEEKENDS: "has worked as many of the last weekends as the rule allows",
}


def ask_why_not(inputs: RosterInputs, told: RosterTold, person: str, day_on: date, shift: str) -> RosterWhyNot:
    """Return why a person does not work a shift (code; "": why not off) on a day. The three must be of the roster."""
    who = [each.person for each in inputs.people].index(person)
    day = (day_on - inputs.first_on).days
    what = [each.code for each in inputs.shifts].index(shift) if shift else -1
    roster = numbers_of(inputs, told)
    week = day // 7
    problem = week_problem(inputs, Before(roster[:, : 7 * week]))
    mine = roster[:, 7 * week : 7 * week + 7]
    if mine[who, day % 7] == what:
        now = f"works {shift}" if shift else "is off"
        return RosterWhyNot(person, day_on, shift, True, (), 0.0, told.people[who].shifts, f"{person} {now} that day.")
    found = why_not(problem, mine, person=who, day=day % 7, shift=what)
    rules = tuple(dict.fromkeys(_words(rule) for rule in found.in_the_way))
    if found.cost_change is None:
        said = f"{person} cannot: {person} {'; and '.join(rules)}."
        return RosterWhyNot(person, day_on, shift, False, rules, None, (), said)
    alone = tuple(dict.fromkeys(_words(broken.rule) for broken in found.broken))
    codes = ["", *(each.code for each in inputs.shifts)]
    days = tuple(codes[i + 1] for i in found.days)
    points = round(float(found.cost_change), 6)
    return RosterWhyNot(person, day_on, shift, True, alone, points, days, _said(inputs, person, week, points, alone))


def _said(inputs: RosterInputs, person: str, week: int, points: float, alone: tuple[str, ...]) -> str:
    monday = inputs.first_on + timedelta(days=7 * week)
    moved = f" As the week stands {person} {'; and '.join(alone)}, so other days would move." if alone else ""
    if points > 0:
        said = f"It can be had, and costs {points:g} points more in the week of {monday}: more is missing elsewhere"
        said += ", or a wish is not kept."
    else:
        said = f"It can be had at no more points in the week of {monday}: another roster is as good."
    return said + moved


def _words(rule: RosterRule) -> str:
    return WORDS.get(rule, rule.value.replace("_", " "))
