"""Background work of decisions: the sealing of the ledger, several times a second, and lines about news of org."""

import time

from closeknit.kernel.events import Context
from closeknit.kernel.news import WorkRefused
from closeknit.kernel.outbound.lanes import Lanes
from closeknit.rooms.decisions.actions.clear_notices import clear_notices
from closeknit.rooms.decisions.actions.expire_exceptions import note_expired_exceptions
from closeknit.rooms.decisions.actions.expire_proposals import expire_proposals
from closeknit.rooms.decisions.actions.keep_duties import escalate_overdue_duties, gather_evidence, open_due_dates
from closeknit.rooms.decisions.actions.move_escalations import move_due_escalations
from closeknit.rooms.decisions.actions.record_rights import (
    record_absence,
    record_delegation,
    record_refusal,
    record_rights_change,
    record_token,
)
from closeknit.rooms.decisions.actions.record_setting_change import record_setting_change, record_setting_review
from closeknit.rooms.decisions.actions.record_stewards import record_department_sharing, record_steward_change
from closeknit.rooms.decisions.actions.route_notices import route_notices
from closeknit.rooms.decisions.actions.seal_ledger import MOST_ENTRIES, seal_ledger
from closeknit.rooms.decisions.actions.send_dispatches import list_due_receivers, send_dispatches
from closeknit.rooms.org.contracts import (
    AbsenceReported,
    DelegationBegan,
    DelegationEnded,
    DepartmentSharingChanged,
    PersonCreated,
    RolesChanged,
    StewardChanged,
    TokenIssued,
    TokenRevoked,
)
from closeknit.rooms.org.contracts.settings import SettingChanged, SettingReviewed
from closeknit.rooms.org.reads import system_actor

COMPARE_EVERY_SECONDS = 60.0
_compared: dict[str, float] = {}
_lanes = Lanes(lambda receiver: send_dispatches(receiver, by=system_actor()))


def let_time_run_out() -> None:
    """Let proposals lapse that nobody decided in time, and say which exceptions have run out."""
    while expire_proposals(by=system_actor()):
        continue
    while note_expired_exceptions(by=system_actor()):
        continue


def keep_ledger_sealed() -> None:
    """Seal what waits; at the start and every minute compare with the checkpoints outside, also where nothing waits."""
    now = time.monotonic()
    due = now - _compared.get("at", -COMPARE_EVERY_SECONDS) >= COMPARE_EVERY_SECONDS
    outcome = seal_ledger(by=system_actor(), only_if_waiting=not due)
    if due:
        _compared["at"] = now
    # What came meanwhile waits for the next round: to seal without a pause would take from those who write.
    while outcome.sealed == MOST_ENTRIES:
        outcome = seal_ledger(by=system_actor(), only_if_waiting=True)


def record_on_setting_changed(event: SettingChanged, context: Context) -> None:
    """Write the line about a setting's new or ended value."""
    record_setting_change(event, by=context.by)


def record_on_setting_reviewed(event: SettingReviewed, context: Context) -> None:
    """Write the line about a local value that somebody looked at again."""
    record_setting_review(event, by=context.by)


def record_refusal_on_work_refused(event: WorkRefused, context: Context) -> None:
    record_refusal(event.work, event.actor_key, event.where, thread_id=event.thread_id, by=context.by)


def record_rights_on_person_created(event: PersonCreated, context: Context) -> None:
    record_rights_change(event.change_id, thread_id=event.thread_id, by=context.by)


def record_rights_on_roles_changed(event: RolesChanged, context: Context) -> None:
    record_rights_change(event.change_id, thread_id=event.thread_id, by=context.by)


def record_delegation_on_began(event: DelegationBegan, context: Context) -> None:
    record_delegation(event.delegation_id, is_ended=False, thread_id=event.thread_id, by=context.by)


def record_delegation_on_ended(event: DelegationEnded, context: Context) -> None:
    record_delegation(event.delegation_id, is_ended=True, thread_id=event.thread_id, by=context.by)


def record_absence_on_reported(event: AbsenceReported, context: Context) -> None:
    record_absence(event.absence_id, thread_id=event.thread_id, by=context.by)


def record_token_on_issued(event: TokenIssued, context: Context) -> None:
    record_token(event.person_key, event.label, is_revoked=False, thread_id=event.thread_id, by=context.by)


def record_token_on_revoked(event: TokenRevoked, context: Context) -> None:
    record_token(event.person_key, event.label, is_revoked=True, thread_id=event.thread_id, by=context.by)


def record_steward_on_changed(event: StewardChanged, context: Context) -> None:
    record_steward_change(event, by=context.by)


def record_sharing_on_changed(event: DepartmentSharingChanged, context: Context) -> None:
    record_department_sharing(event.rule_id, is_ended=event.is_ended, thread_id=event.thread_id, by=context.by)


def keep_notices_moving() -> None:
    """Take new notices to the channels, and send each receiver what is due on a thread of its own."""
    while route_notices(by=system_actor()):
        pass
    _lanes.start(list_due_receivers(by=system_actor()))


def keep_escalations_moving() -> None:
    """Move on what nobody ended in time. Any number of workers may do so at once."""
    move_due_escalations(by=system_actor())


def clear_old_notices() -> None:
    """Clear away messages and notices that were settled long ago."""
    clear_notices(by=system_actor())


def keep_duties() -> None:
    """Open the due dates that have come, attach their evidence, and escalate what nobody signed in time."""
    open_due_dates(by=system_actor())
    while gather_evidence(by=system_actor()):
        continue
    while escalate_overdue_duties(by=system_actor()):
        continue
