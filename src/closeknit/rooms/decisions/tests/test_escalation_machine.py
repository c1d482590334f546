"""Escalations against a model that shares no code with them, by random steps: events, timers, answers, absences,
changes of paths, and processes killed before they commit. CLOSEKNIT_SLOW=1 runs it 10,000 times over 50 steps.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from closeknit.kernel import ids
from closeknit.kernel.errors import CloseknitError
from closeknit.rooms.decisions.actions import answer_escalation, close_escalation, take_step
from closeknit.rooms.decisions.actions.adopt_path import adopt_paths
from closeknit.rooms.decisions.actions.move_escalations import move_due_escalations
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.compute import escalations as compute
from closeknit.rooms.decisions.contracts.escalations import EscalationState
from closeknit.rooms.decisions.models import Escalation, EscalationStepRow
from closeknit.rooms.decisions.tests.escalation_model import Model, Refused
from closeknit.rooms.org import reads as org

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 3, 2, 9, tzinfo=UTC)
PEOPLE = {
    "alice": "planner",
    "adam": "planner",
    "carol": "service-lead",
    "cleo": "service-lead",
    "ed": "executive",
    "eve": "executive",
    "dave": "",
}
PATHS = {
    "long": (("planner", "service-lead", "executive"), (60, 120, 240), 90, 500),
    "short": (("service-lead", "executive"), (30, 30), 45, 100),
    "single": (("executive",), (60,), 30, 60),
}
SLOW = os.environ.get("CLOSEKNIT_SLOW") == "1"
RUNS, STEPS = (10_000, 50) if SLOW else (12, 30)
NAMES, CAUSES = st.sampled_from(sorted(PEOPLE)), st.sampled_from(["a", "b"])
WILLING = st.sampled_from([True, True, True, False])
KILLED_AT = st.sampled_from(["record_entry", "publish", "notify_people"])


class Killed(BaseException):
    """The process ends here: nothing may catch it."""


def yaml_of(name: str, path: Any) -> str:
    """A path of the model as people write one."""
    levels = "".join(f"\n    - {{role: {r}, minutes: {m}}}" for r, m in zip(path[0], path[1], strict=True))
    return (
        f"{name}:\n  title: Path {name}\n  levels:{levels}\n"
        f"  hold_minutes: {path[2]}\n  repeat_minutes: {path[3]}\n  closed_by_hand: true\n"
    )


class Product:
    """The real actions on the real database, at a clock of the test's own."""

    def __init__(self) -> None:
        from django.contrib.auth import get_user_model

        from closeknit.rooms.org.models import Person

        self.now = BEGAN
        self.keys, self.rows = {}, {}
        for name, role in PEOPLE.items():
            user = get_user_model().objects.create(username=f"machine-{name}", password="!")
            self.rows[name] = Person.objects.create(user=user, name=name, roles=[role] if role else [])
            self.keys[name] = f"person:{self.rows[name].pk}"
        self.names = {key: name for name, key in self.keys.items()}
        for name, path in PATHS.items():
            self.change(name, path)

    def actor(self, name: str) -> Any:
        return org.get_actor(self.keys[name], at=self.now)

    def change(self, name: str, path: Any) -> None:
        adopt_paths(yaml_of(name, path), reason="A test.", by=org.console_actor(), at=self.now)

    def raise_(self, cause: str, path: str) -> Any:
        return raise_escalation(
            path=path, cause=cause, title=cause, summary="", thread_id=ids.new_id(), by=org.system_actor(), at=self.now
        )

    def open_id(self, cause: str) -> Any:
        row = Escalation.objects.filter(cause=cause).exclude(state="closed").first()
        return row.pk if row else ids.new_id()

    def answer(self, act: Callable[..., None], cause: str, name: str, **words: str) -> None:
        act(self.open_id(cause), by=self.actor(name), at=self.now, **words)


class Machine(RuleBasedStateMachine):
    """Every rule does the same to both; afterwards both must tell the same story."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.product, self.model = Product(), Model(PEOPLE, PATHS)
        self.clock = mock.patch(
            "closeknit.rooms.decisions.reads.timing.database_now", side_effect=lambda: self.product.now
        )
        self.clock.start()

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def both(self, ours: Callable[[], Any], theirs: Callable[[], Any]) -> None:
        try:
            stated = theirs()
        except Refused:
            stated = Refused
        try:
            with transaction.atomic():
                found = ours()
        except CloseknitError:
            found = Refused
        assert found == stated

    @rule(cause=CAUSES, path=st.sampled_from(sorted(PATHS)))
    def raise_(self, cause, path):
        before = self.product.open_id(cause)
        self.both(lambda: self.product.raise_(cause, path) != before, lambda: self.model.raise_(cause, path))

    @rule(minutes=st.sampled_from([1, 29, 60, 600]))
    def wait(self, minutes):
        self.product.now += timedelta(minutes=minutes)
        self.model.time += minutes

    @rule(early=st.sampled_from([0, 0, 0, 1]))
    def wait_for_the_next_timer_and_move(self, early):
        dues = [e.due for e in self.model.standing.values()]
        self.wait(max(0, min(dues, default=0) - self.model.time - early))
        self.both(lambda: move_due_escalations(by=org.system_actor()), self.model.move_due)

    @rule(times=st.integers(2, 4))
    def nobody_answers(self, times):
        for _ in range(times):
            self.wait_for_the_next_timer_and_move(0)

    @rule(cause=CAUSES, name=NAMES)
    def taken_on_and_forgotten(self, cause, name):
        self.acknowledge(cause, name, True)
        if cause in self.model.standing:
            self.wait(max(0, self.model.standing[cause].due - self.model.time))
            self.wait_for_the_next_timer_and_move(0)

    @rule(where=KILLED_AT)
    def a_worker_dies_in_the_middle(self, where):
        due = any(e.due <= self.model.time for e in self.model.standing.values())
        with mock.patch.object(take_step, where, side_effect=Killed):
            try:
                move_due_escalations(by=org.system_actor())
            except Killed:
                assert due

    @rule(where=KILLED_AT, cause=CAUSES, path=st.sampled_from(sorted(PATHS)))
    def a_planner_dies_in_the_middle(self, where, cause, path):
        with mock.patch.object(take_step, where, side_effect=Killed):
            try:
                self.product.raise_(cause, path)
            except Killed:
                assert cause not in self.model.standing

    @rule(cause=CAUSES, name=NAMES, willing=WILLING)
    def acknowledge(self, cause, name, willing):
        name = self.one_of(cause, "asked", name) if willing else name
        self.both(
            lambda: self.product.answer(answer_escalation.acknowledge_escalation, cause, name),
            lambda: self.model.acknowledge(cause, name),
        )

    @rule(cause=CAUSES, name=NAMES, willing=WILLING)
    def hand_back(self, cause, name, willing):
        name = self.one_of(cause, "holder", name) if willing else name
        self.both(
            lambda: self.product.answer(answer_escalation.hand_back_escalation, cause, name, reason="No."),
            lambda: self.model.hand_back(cause, name),
        )

    @rule(cause=CAUSES, name=NAMES, willing=WILLING)
    def take_on_and_hand_back(self, cause, name, willing):
        self.acknowledge(cause, name, willing)
        self.hand_back(cause, name, willing)

    @rule(cause=CAUSES, name=NAMES, to=NAMES)
    def reassign(self, cause, name, to):
        act, words = answer_escalation.reassign_escalation, {"to": f"machine-{to}", "reason": "Yours."}
        self.both(lambda: self.product.answer(act, cause, name, **words), lambda: self.model.reassign(cause, name, to))

    @rule(cause=CAUSES)
    def close(self, cause):
        words = {"reason": "Gone.", "by": org.system_actor(), "at": self.product.now}
        self.both(lambda: close_escalation.close_escalation(cause=cause, **words), lambda: self.model.close(cause))

    @rule(name=NAMES)
    def go_away_or_come_back(self, name):
        from closeknit.rooms.org.models import Absence

        person = self.product.rows[name]
        if name in self.model.away:
            Absence.objects.filter(person=person).delete()
        else:
            Absence.objects.create(person=person, starts_at=BEGAN, ends_at=BEGAN + timedelta(days=9999))
        self.model.away ^= {name}

    @rule(lender=NAMES, borrower=NAMES)
    def lend_or_take_back(self, lender, borrower):
        from closeknit.rooms.org.models import Delegation

        if lender == borrower:
            return
        pair = {"lender": self.product.rows[lender], "borrower": self.product.rows[borrower]}
        if (lender, borrower) in self.model.loans:
            Delegation.objects.filter(**pair).delete()
        else:
            Delegation.objects.create(
                **pair, permissions=None, starts_at=BEGAN, ends_at=BEGAN + timedelta(days=9999), reason="A test."
            )
        self.model.loans ^= {(lender, borrower)}

    @rule(name=st.sampled_from(sorted(PATHS)), like=st.sampled_from(sorted(PATHS)))
    def change_the_path(self, name, like):
        self.product.change(name, PATHS[like])
        self.model.paths[name] = PATHS[like]

    @invariant()
    def both_stand_alike(self):
        rows = {row.cause: row for row in Escalation.objects.exclude(state="closed")}
        assert len(rows) == Escalation.objects.exclude(state="closed").count(), "two open for one cause"
        assert {cause: self.seen(row) for cause, row in rows.items()} == {
            cause: (e.state, e.level, e.asked, e.holder, e.due) for cause, e in self.model.standing.items()
        }

    @invariant()
    def both_tell_the_same_story(self):
        """Every step once, in order, with its ledger line and its event; no level ever falls."""
        told = {}
        for step in EscalationStepRow.objects.order_by("escalation_id", "number"):
            minute = int((step.at - BEGAN).total_seconds() // 60)
            told.setdefault(step.escalation_id, []).append((step.kind, step.level, minute))
        stated = [e.story for e in (*self.model.standing.values(), *self.model.over)]
        assert sorted(told.values()) == sorted(stated)
        assert all(a[1] <= b[1] for story in told.values() for a, b in pairwise(story))

    def one_of(self, cause: str, who: str, otherwise: str) -> str:
        """Somebody whose answer will be heard, where there is one: random people are mostly refused."""
        e = self.model.standing.get(cause)
        found = {"asked": sorted(e.asked), "holder": [e.holder] if e.holder else []}[who] if e else []
        return found[0] if found else otherwise

    def seen(self, row: Escalation) -> tuple[Any, ...]:
        due = int((row.next_level_at - BEGAN).total_seconds() // 60)
        asked = {self.product.names[key] for key in row.asked_keys}
        return (row.state, row.level, asked, self.product.names.get(row.holder_key), due)


def how(runs: int, steps: int, *, same_each_time: bool = False) -> settings:
    return settings(
        derandomize=same_each_time,
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink) if SLOW else (Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
        database=None,
        report_multiple_bugs=SLOW,
    )


def test_escalations_do_what_the_model_does():
    run_state_machine_as_test(Machine, settings=how(RUNS, STEPS))


def bury_under_an_acknowledgement(path, standing, choose, now):
    if standing.state is EscalationState.ACKNOWLEDGED:
        return None
    return MOVE(path, standing, choose, now)


def forget_the_top(path, standing, choose, now):
    step = MOVE(path, standing, choose, now)
    return None if step is not None and step.kind == "repeated" else step


def fall_back_a_level(path, standing, person, choose, now):
    return HAND_BACK(path, replace(standing, level=0), person, choose, now)


def ask_the_same_again(path, standing, person, choose, now):
    return HAND_BACK(path, standing, "nobody", choose, now)


def begin_at_the_top(path, choose, now):
    step = BEGIN(path, choose, now)
    return replace(step, standing=replace(step.standing, level=len(path.levels) - 1))


BEGIN, MOVE, HAND_BACK = compute.begin, compute.move, compute.hand_back
MUTATED = [
    ("closeknit.rooms.decisions.actions.move_escalations.move", bury_under_an_acknowledgement),
    ("closeknit.rooms.decisions.actions.move_escalations.move", forget_the_top),
    ("closeknit.rooms.decisions.compute.escalations.hand_back", fall_back_a_level),
    ("closeknit.rooms.decisions.compute.escalations.hand_back", ask_the_same_again),
    ("closeknit.rooms.decisions.actions.raise_escalation.begin", begin_at_the_top),
]


@pytest.mark.parametrize(("transition", "mutant"), MUTATED, ids=lambda part: getattr(part, "__name__", ""))
def test_red_twin_one_wrong_transition_is_seen(transition, mutant):
    with mock.patch(transition, mutant), pytest.raises(AssertionError):
        # By chance alone, one run in many would miss a mutant.
        run_state_machine_as_test(Machine, settings=how(200, 30, same_each_time=True))
