"""What an escalation should do, told again in a hundred lines that share nothing with the product.

Time is whole minutes. A path is (roles of its levels, minutes of its levels, hold minutes, repeat minutes).
"""

DECIDERS = ("service-lead", "executive")


class Refused(Exception):
    """The model refuses an answer."""


class Escalation:
    """One escalation: its level from 0, who is asked, who took it on, when its timer runs out, and its story."""

    def __init__(self, path):
        self.path, self.state, self.level = path, "open", 0
        self.asked, self.gave_back, self.holder, self.due = set(), set(), None, None
        self.ever_asked, self.story = set(), []


class Model:
    """A company of people with one role each, and the escalations that stand or are over."""

    def __init__(self, people, paths):
        self.people, self.paths, self.time = dict(people), dict(paths), 0
        self.away, self.loans, self.standing, self.over = set(), set(), {}, []

    def present(self, names):
        """Who is asked instead of these people: themselves, or for the absent those who borrowed their rights."""
        here = {n for n in names if n not in self.away}
        return here | {b for lender, b in self.loans if lender in names and lender in self.away and b not in self.away}

    def ask(self, kind, e, level, gave_back=frozenset()):
        """Ask the first level from this one at which somebody is."""
        roles, minutes, _, repeat = e.path
        e.gave_back = set(gave_back)
        e.asked = self.present({n for n, role in self.people.items() if role == roles[level]}) - e.gave_back
        while not e.asked and level + 1 < len(roles):
            level += 1
            e.gave_back = set()
            e.asked = self.present({n for n, role in self.people.items() if role == roles[level]})
        last_resort = level + 1 == len(roles) and (not e.asked or kind == "repeated")
        e.due = self.time + (repeat if last_resort else minutes[level])
        e.level, e.state, e.holder = level, "open", None
        self.tell(kind, e)

    def tell(self, kind, e):
        e.ever_asked |= e.asked
        e.story.append((kind, e.level, self.time))

    def hats(self, name):
        """Whose hats a person wears: the own one, and those that others lent."""
        return {name} | {lender for lender, borrower in self.loans if borrower == name}

    def sees(self, name):
        """Whether a person may read of decisions: somebody whose hat is worn has a role."""
        return any(self.people[h] for h in self.hats(name))

    def answering(self, cause, name):
        """The escalation of a cause, if this person may answer it."""
        e, hats = self.standing.get(cause), self.hats(name)
        if (
            e is None
            or not self.sees(name)
            or not (hats & (e.ever_asked | {e.holder}) or any(self.people[h] in DECIDERS for h in hats))
        ):
            raise Refused
        return e

    def raise_(self, cause, path):
        """True where it is new."""
        if cause in self.standing:
            return False
        e = self.standing[cause] = Escalation(self.paths[path])
        self.ask("raised", e, 0)
        return True

    def move_due(self):
        """How many timers had run out."""
        due = [e for e in self.standing.values() if e.due <= self.time]
        for e in due:
            top = e.level + 1 == len(e.path[0])
            self.ask("repeated" if top else "moved", e, e.level if top else e.level + 1)
        return len(due)

    def acknowledge(self, cause, name):
        e = self.answering(cause, name)
        if e.state != "open":
            raise Refused
        e.state, e.holder, e.due = "acknowledged", name, self.time + e.path[2]
        self.tell("acknowledged", e)

    def hand_back(self, cause, name):
        e = self.answering(cause, name)
        decides = any(self.people[h] in DECIDERS for h in self.hats(name))
        if e.state != "acknowledged" or not (e.holder in self.hats(name) or decides):
            raise Refused
        self.ask("handed-back", e, e.level, e.gave_back | {e.holder})

    def reassign(self, cause, name, to):
        e = self.answering(cause, name)
        if to in self.away or not self.sees(to):
            raise Refused
        e.state, e.asked, e.holder, e.due = "open", {to}, None, self.time + e.path[1][e.level]
        self.tell("reassigned", e)

    def close(self, cause):
        if cause in self.standing:
            e = self.standing.pop(cause)
            e.state, e.due = "closed", None
            self.tell("closed", e)
            self.over.append(e)
