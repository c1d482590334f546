"""Who works which shift on which day.

- `RosterProblem` -> `plan_roster` -> `RosterPlan`: a roster with a bound that no roster goes below, so that what is
  left to gain is known. `start_roster`, `improve_roster` and `roster_bound` are its parts.
- `check_roster`: the rules a roster breaks and what it costs, counted apart from the search.
- `why_not`: the rules in the way of a person on a shift, or what it would cost; `find_roster_conflicts`: who cannot be
  rostered at all, and a smallest set of rules in conflict.
- `place_breaks`: when everybody at work takes a break, so that least is missing.

Words: a roster gives everyone a shift or a day off on each day; a rule is kept always, a weight is paid where a wish
isn't; cover is what is asked of all people together.
"""

from closeknit.engine.rostering.bound import RosterBound, roster_bound
from closeknit.engine.rostering.breaks import BreakPlan, place_breaks
from closeknit.engine.rostering.check import RosterCheck, RosterRule, RuleBroken, check_roster
from closeknit.engine.rostering.plan import RosterPlan, plan_roster
from closeknit.engine.rostering.problem import RosterProblem
from closeknit.engine.rostering.reasons import RosterConflict, WhyNot, find_roster_conflicts, why_not
from closeknit.engine.rostering.search import Roster, improve_roster, start_roster

__all__ = [
    "BreakPlan",
    "Roster",
    "RosterBound",
    "RosterCheck",
    "RosterConflict",
    "RosterPlan",
    "RosterProblem",
    "RosterRule",
    "RuleBroken",
    "WhyNot",
    "check_roster",
    "find_roster_conflicts",
    "improve_roster",
    "place_breaks",
    "plan_roster",
    "roster_bound",
    "start_roster",
    "why_not",
]
