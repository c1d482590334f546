"""Who may do what stands in the ledger: each change of rights, loan, absence and token, by key and never by name."""

from datetime import UTC, datetime, timedelta

from tests.small_company import deliver_all

from closeknit.rooms.decisions import reads
from closeknit.rooms.org.actions.change_roles import change_roles, disable_person, enable_person
from closeknit.rooms.org.actions.create_person import create_person
from closeknit.rooms.org.actions.delegate import delegate, end_delegation
from closeknit.rooms.org.actions.report_absence import end_absence, report_absence
from closeknit.rooms.org.contracts import GrantCard, Permission, Role

AT = datetime.now(tz=UTC)
DAY = timedelta(days=1)


def lines(by):
    deliver_all()
    newest_last = sorted(reads.list_entries(by=by), key=lambda line: line.entry_id)
    return {line.kind: line for line in newest_last}


def test_changes_of_rights_are_recorded_with_before_after_and_reason(erin, frank):
    made = create_person(
        username="frida", name="Frida Quince", password="a quiet lake at noon", roles=[Role.PLANNER], by=erin
    )
    line = lines(frank)["person.created"]
    assert (line.subject, line.actor_key) == (made.key, erin.key)
    assert line.sentence == f"Erin Admin let {made.key} sign in: planner."
    change_roles(
        made.key, roles=[Role.ACCOUNT_MANAGER], grants=[GrantCard(region="north")], reason="New desk.", by=erin
    )
    line = lines(frank)["rights.changed"]
    assert line.sentence == (
        f"Erin Admin changed the rights of {made.key} from planner to account-manager, granted region north. New desk."
    )
    assert line.evidence["before"]["roles"] == ["planner"]
    assert line.evidence["after"]["grants"] == [["", "north", ""]]
    disable_person(made.key, reason="Left.", by=erin)
    assert "shut" in lines(frank)["rights.changed"].sentence
    enable_person(made.key, reason="Back.", by=erin)
    line = lines(frank)["rights.changed"]
    assert "again" in line.sentence
    assert all("Quince" not in each.sentence + str(each.evidence) for each in lines(frank).values())


def test_loans_and_absences_are_recorded(carol, dave, frank):
    loan = delegate(
        dave.key,
        starts_at=AT,
        ends_at=AT + DAY,
        permissions=[Permission.DECIDE],
        reason="A day off.",
        by=carol,
        at=AT,
    )
    absence = report_absence(starts_at=AT, ends_at=AT + DAY, reason="A private matter.", by=carol, at=AT)
    found = lines(frank)
    began = found["delegation.began"]
    assert (began.subject, began.evidence["borrower"]) == (carol.key, dave.key)
    assert f"lend {dave.key} proposals.decide" in began.sentence
    assert "private" not in found["absence.reported"].sentence + str(found["absence.reported"].evidence)
    end_delegation(loan, by=dave, at=AT + DAY / 2)
    end_absence(absence, by=carol, at=AT + DAY / 2)
    found = lines(frank)
    assert found["delegation.ended"].actor_key == dave.key
    assert found["absence.ended"].subject == carol.key
