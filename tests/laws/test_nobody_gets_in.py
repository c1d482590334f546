"""Dave, who holds no role, is refused at every door of every room, before anything else is looked at."""

import inspect
import types
import typing
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock
from uuid import UUID

import pytest
from tests.laws.test_rooms import WITHOUT_ACTOR, door_functions

from closeknit.kernel.errors import Denied

# These need no permission of their own: a ledger line is written by an action that had one, a person's own
# tokens, sessions and password are that person's. This list only shrinks.
OPEN = {
    "decisions.actions.record_entry.record_entry",
    # Steps of a change that had a permission: its cause came, its cause is gone.
    "decisions.actions.close_escalation.close_escalation",
    "decisions.actions.raise_escalation.raise_escalation",
    "decisions.actions.take_step.take_step",
    "decisions.actions.record_rights.record_absence",
    "decisions.actions.record_rights.record_delegation",
    "decisions.actions.record_rights.record_refusal",
    "decisions.actions.record_rights.record_rights_change",
    "decisions.actions.record_rights.record_token",
    "decisions.actions.record_setting_change.record_setting_change",
    "decisions.actions.record_stewards.record_department_sharing",
    "decisions.actions.record_stewards.record_steward_change",
    "decisions.actions.record_setting_change.record_setting_review",
    "decisions.actions.notify.notify_people",
    "decisions.actions.notify.settle_notices",
    "decisions.actions.send_dispatches.disable",
    # The guard of a decision that has a permission of its own, and the record of its refusal.
    "privacy.actions.decide_with.deciding",
    "privacy.actions.decide_with.deciding_about_many",
    "privacy.actions.decide_with.refuse_use",
    # The approval that it carries out is what allows it.
    "customers.actions.apply_tier_change.apply_tier_change",
    "customers.actions.apply_merge.apply_merge",
    "agreements.actions.sign_contract.sign_contract",
    "agreements.actions.sign_contract.turn_down_contract",
    "capacity.actions.reassign_staff.reassign_staff",
    "capacity.actions.reassign_staff.turn_down_reassignment",
    # One's own notices, and what waits for oneself: nothing, for who may do nothing.
    "decisions.actions.choose_notice_preferences.choose_notice_preferences",
    "decisions.actions.read_notices.read_all_notices",
    "decisions.actions.read_notices.read_notice",
    "decisions.reads.deciders.list_to_decide",
    "decisions.reads.duties.count_open_occurrences",
    "decisions.reads.notices.count_unread_notices",
    "decisions.reads.notices.get_notice",
    "decisions.reads.notices.get_notice_preferences",
    "decisions.reads.notices.list_notices",
    # Only answers no.
    "customers.actions.answer_dispute.may_answer",
    # A setting is what some other action goes by; an account that is named must be in scope. The other only answers no.
    "org.reads.settings.get_setting",
    "org.reads.settings.get_settings",
    "org.reads.settings.may_set",
    # For the parties only; to all others there is no such thing.
    "org.actions.delegate.end_delegation",
    "org.actions.report_absence.end_absence",
    "org.actions.report_absence.report_absence",
    "org.reads.changes.get_rights_change",
    "org.reads.people.get_absence",
    "org.reads.people.get_delegation",
    "org.reads.people.get_person",
    "org.reads.people.list_absences",
    "org.reads.people.list_delegations",
    # Blanks what the actor may not read of cards that the actor has.
    "org.reads.fields.redact",
    "org.actions.issue_token.issue_token",
    "org.actions.choose_look.choose_look",
    "org.actions.keep_view.forget_view",
    "org.actions.keep_view.keep_view",
    "org.actions.revoke_token.revoke_token",
    "org.actions.note_token_used.note_token_used",
    "org.actions.change_password.change_password",
    "org.actions.end_sessions.end_sessions",
    "org.reads.sign_in.get_sign_in",
    "org.reads.sign_in.list_sessions",
    "org.reads.tokens.list_tokens",
    "org.reads.views.find_look",
    "org.reads.views.list_views",
}
DOORS = sorted({name for name, _ in door_functions()} - WITHOUT_ACTOR - OPEN)
SAMPLES: dict[Any, Any] = {
    str: "x",
    int: 1,
    bool: True,
    float: 1.0,
    UUID: UUID(int=7),
    datetime: datetime(2026, 3, 2, 9, tzinfo=UTC),
    date: date(2026, 3, 2),
    Path: Path("x"),
}


@pytest.mark.parametrize("door", DOORS)
def test_dave_is_refused(door, dave):
    function = find(door)
    with pytest.raises(Denied):
        pass_through(function(**arguments(function), by=dave))


def test_the_open_doors_still_exist():
    assert {name for name, _ in door_functions()} >= OPEN


@pytest.mark.parametrize("opened", [lambda *, by: "all of it", lambda *, by: (n for n in (1, 2))])
def test_red_twin_a_door_that_lets_dave_in_is_seen(opened, dave):
    with pytest.raises(pytest.fail.Exception), pytest.raises(Denied):
        pass_through(opened(by=dave))


def find(door: str) -> Callable[..., Any]:
    """The function behind a dotted name such as "org.reads.list_teams"."""
    module, _, name = door.rpartition(".")
    return getattr(import_module(f"closeknit.rooms.{module.removesuffix('.__init__')}"), name)  # type: ignore[no-any-return]


def pass_through(answer: Any) -> None:
    """Use up an answer that is only computed when read."""
    if isinstance(answer, Iterator):
        for _ in answer:
            break


def arguments(function: Callable[..., Any]) -> dict[str, Any]:
    """Something of the right kind for every argument that must be given."""
    hints = typing.get_type_hints(function)
    return {
        name: sample(hints.get(name, Any))
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "by" and parameter.default is inspect.Parameter.empty and parameter.kind != parameter.VAR_KEYWORD
    }


def sample(hint: Any) -> Any:
    """Something of a kind; a stand-in where only the room itself could make one."""
    if hint in SAMPLES:
        return SAMPLES[hint]
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return sample(typing.get_args(hint)[0])
    return () if origin is not None else MagicMock()
