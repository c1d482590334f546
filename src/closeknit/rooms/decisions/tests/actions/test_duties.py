"""Duties: due once, evidence attached with the owner's rights, signed by the owner, escalated when overdue."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from tests.cast import enter

from closeknit.kernel import declared as registry
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.add_duty import add_duty, assign_duty, end_duty, install_duty_templates
from closeknit.rooms.decisions.actions.keep_duties import escalate_overdue_duties, gather_evidence, open_due_dates
from closeknit.rooms.decisions.actions.sign_duty import sign_duty
from closeknit.rooms.decisions.contracts import Cadence, DutyRule, EvidenceQuery, OccurrenceState
from closeknit.rooms.decisions.models import Duty, DutyOccurrence, Escalation, LedgerEntry, Notice
from closeknit.rooms.decisions.reads.duties import EVIDENCE
from closeknit.rooms.org.reads import system_actor

pytestmark = pytest.mark.django_db
DAILY_ENOUGH = DutyRule(Cadence.WEEKLY, weekday=1, days_to_sign=2, time_zone="UTC")


@pytest.fixture(autouse=True)
def queries():
    """Two queries: one whose rows name accounts, one that breaks."""
    before = registry.declared(EVIDENCE)

    def by_account(ask):
        return [{"account_number": number, "reader": ask.reader.key} for number in ("ACME", "BOLT")]

    def broken(ask):
        return 1 / 0

    wired = {n: EvidenceQuery(n, n.title(), f) for n, f in (("by-account", by_account), ("broken", broken))}
    registry.declare(EVIDENCE, wired)
    yield wired
    registry.declare(EVIDENCE, before)


@pytest.fixture
def today():
    """The database's day and time; `AT` would not do, since due dates live in the database's time."""
    with connection.cursor() as cursor:
        cursor.execute("select transaction_timestamp()")
        return cursor.fetchone()[0]


def add(by, owner, today, **changes):
    given = {
        "name": "Review",
        "owner": owner,
        "rule": DAILY_ENOUGH,
        "evidence": ["by-account"],
        "statement": "I looked.",
        # The last seven days hold one Monday, whatever day it is.
        "starts_on": today.date() - timedelta(days=6),
        "at": today,
    }
    return add_duty(**(given | changes), by=by)


def run():
    open_due_dates(by=system_actor())
    gather_evidence(by=system_actor())
    escalate_overdue_duties(by=system_actor())


def only(by, **more):
    (card,) = reads.list_occurrences(by=by, **more)
    return card


def sign(card, by, at, **more):
    given = {"evidence_sha256": card.evidence_sha256} | more
    sign_duty(card.occurrence_id, **given, by=by, at=at)


def test_a_due_date_comes_once_however_often_the_worker_looks(carol, frank, today):
    add(carol, frank.key, today)
    for _ in range(3):
        run()
    row = DutyOccurrence.objects.get()
    assert row.due_on.weekday() == 0
    assert row.due_at == datetime.combine(row.due_on, datetime.min.time(), UTC)
    assert LedgerEntry.objects.filter(kind="duty.due").count() == 1
    assert LedgerEntry.objects.filter(kind="duty.evidence").count() == 1
    assert Notice.objects.get(cause__startswith="duty:").person_key == frank.key


def test_a_deployment_that_stood_still_makes_up_for_what_it_missed(carol, frank, today):
    duty_id = add(carol, frank.key, today, starts_on=today.date() - timedelta(days=27))
    run()
    assert DutyOccurrence.objects.filter(duty_id=duty_id).count() == 4


def test_evidence_is_kept_whole_under_a_digest_that_the_ledger_holds(carol, frank, today, accounts):
    import hashlib

    add(carol, frank.key, today)
    run()
    row = DutyOccurrence.objects.get()
    assert hashlib.sha256(bytes(row.evidence)).hexdigest() == row.evidence_sha256
    lines = reads.get_thread(row.thread_id, by=frank)
    assert row.evidence_sha256 in {line.evidence.get("evidence_sha256") for line in lines}
    kept = bytes(row.evidence)
    run()
    row.refresh_from_db()
    assert bytes(row.evidence) == kept


def test_a_query_that_breaks_says_so_and_keeps_nobody_from_signing(carol, frank, today):
    add(carol, frank.key, today, evidence=["broken", "by-account"])
    run()
    detail = reads.get_occurrence(only(frank).occurrence_id, by=frank)
    assert [part.failure for part in detail.evidence] == ["The query broke: ZeroDivisionError.", ""]
    sign(detail.card, frank, today)
    assert only(frank).state is OccurrenceState.SIGNED


def test_readers_see_the_rows_of_their_accounts_only(carol, bob, frank, today, accounts):
    add(carol, bob.key, today)
    run()
    mine, whole = (reads.get_occurrence(only(by).occurrence_id, by=by).evidence[0] for by in (bob, frank))
    assert [row["account_number"] for row in mine.rows] == ["ACME"]
    assert mine.hidden_rows == 1
    assert {row["reader"] for row in mine.rows} == {bob.key}
    assert [row["account_number"] for row in whole.rows] == ["ACME", "BOLT"]


def test_only_the_owner_signs_and_only_once(alice, carol, frank, today):
    add(carol, frank.key, today)
    run()
    card = only(frank)
    for other in (alice, carol):
        assert not only(other).may_sign
        with pytest.raises(Denied):
            sign(card, other, today)
    sign(card, frank, today, remark="All seen.")
    signed = only(frank)
    assert (signed.state, signed.signed_by, signed.signed_for) == (OccurrenceState.SIGNED, frank.name, "")
    with pytest.raises(Conflict):
        sign(card, frank, today)
    assert LedgerEntry.objects.filter(kind="duty.signed").count() == 1
    assert not Notice.objects.filter(read_at=None, cause__startswith="duty:").exists()


def test_everyone_with_the_role_may_sign_a_roles_duty(carol, frank, today):
    add(carol, "role:auditor", today)
    run()
    assert {n.person_key for n in Notice.objects.filter(cause__startswith="duty:")} == {frank.key}
    with pytest.raises(Denied):
        sign(only(frank), carol, today)
    sign(only(frank), frank, today)


def lend(lender, borrower, permissions=None):
    from closeknit.rooms.org.models import Delegation

    Delegation.objects.create(
        lender_id=int(lender.key.partition(":")[2]),
        borrower_id=int(borrower.key.partition(":")[2]),
        permissions=permissions,
        starts_at=datetime(2020, 1, 1, tzinfo=UTC),
        ends_at=datetime(2040, 1, 1, tzinfo=UTC),
        reason="Away.",
    )


@pytest.mark.parametrize(("permissions", "may"), [(None, True), (["accounts.read"], False)])
def test_who_was_lent_all_rights_signs_for_the_lender_and_who_was_lent_some_does_not(
    carol, alice, today, permissions, may
):
    add(carol, alice.key, today)
    run()
    lend(alice, carol, permissions)
    stand_in = enter("carol")
    if not may:
        with pytest.raises(Denied):
            sign(only(stand_in), stand_in, today)
        return
    assert only(stand_in, only_mine=True).may_sign
    sign(only(stand_in), stand_in, today)
    card = only(stand_in)
    assert (card.signed_by, card.signed_for) == ("Carol Lead", "Alice Planner")


def test_what_is_not_the_attached_evidence_is_not_signed(carol, frank, today):
    add(carol, frank.key, today)
    open_due_dates(by=system_actor())
    early = only(frank)
    assert not early.may_sign
    with pytest.raises(Conflict):
        sign(early, frank, today)
    run()
    with pytest.raises(Conflict):
        sign(only(frank), frank, today, evidence_sha256="0" * 64)


def test_what_is_overdue_is_escalated_once_and_closed_by_the_signature(carol, frank, today):
    add(carol, frank.key, today)
    open_due_dates(by=system_actor())
    DutyOccurrence.objects.update(sign_by_at=today + timedelta(minutes=1))
    run()
    assert not Escalation.objects.exists()
    DutyOccurrence.objects.update(sign_by_at=today)
    for _ in range(3):
        run()
    row = DutyOccurrence.objects.get()
    escalation = Escalation.objects.get()
    assert (escalation.path, escalation.cause) == ("duty-overdue", f"duty:{row.duty_id}:{row.due_on}")
    assert only(frank).state is OccurrenceState.OVERDUE
    sign(only(frank), frank, today)
    escalation.refresh_from_db()
    assert escalation.state == "closed"


def test_what_is_signed_in_time_is_never_escalated(carol, frank, today):
    add(carol, frank.key, today)
    open_due_dates(by=system_actor())
    gather_evidence(by=system_actor())
    DutyOccurrence.objects.update(sign_by_at=today + timedelta(days=1))
    sign(only(frank), frank, today)
    DutyOccurrence.objects.update(sign_by_at=today - timedelta(days=1))
    run()
    assert not Escalation.objects.exists()


def test_bob_sees_his_own_duties_and_no_others_and_dave_none(alice, bob, carol, dave, today):
    add(carol, alice.key, today)
    own = add(carol, bob.key, today)
    run()
    assert [card.duty_id for card in reads.list_duties(by=bob)] == [own]
    assert only(bob).duty_id == own
    foreign = next(card for card in reads.list_occurrences(by=carol) if card.owner == alice.key)
    with pytest.raises(NotFound):
        reads.get_occurrence(foreign.occurrence_id, by=bob)
    with pytest.raises(NotFound):
        sign(foreign, bob, today)
    for read in (reads.list_duties, reads.list_occurrences, reads.list_duty_templates):
        with pytest.raises(Denied):
            read(by=dave)


def test_an_owner_who_left_leaves_a_duty_that_says_so_and_can_be_passed_on(carol, frank, alice, today):
    from django.contrib.auth import get_user_model

    duty_id = add(carol, frank.key, today)
    get_user_model().objects.filter(username="frank").update(is_active=False)
    run()
    card = only(carol)
    assert card.owner_name == "someone who left"
    assert reads.get_occurrence(card.occurrence_id, by=carol).evidence[0].failure == "The owner has left."
    assign_duty(duty_id, owner=alice.key, reason="Frank left.", by=carol, at=today)
    assert reads.get_duty(duty_id, by=carol).owner_name == "Alice Planner"
    assert not only(alice, only_mine=True).may_sign, "the evidence is gathered anew, with Alice's rights"
    run()
    again = only(alice, only_mine=True)
    assert again.evidence_sha256 != card.evidence_sha256
    sign(again, alice, today)


def test_an_ended_duty_recurs_no_more(carol, frank, today):
    duty_id = add(carol, frank.key, today)
    end_duty(duty_id, reason="Not needed.", by=carol, at=today)
    run()
    assert not DutyOccurrence.objects.exists()
    with pytest.raises(Conflict):
        end_duty(duty_id, reason="Again.", by=carol, at=today)
    assert reads.list_duties(by=carol) == []


def test_who_may_not_manage_duties_manages_none(alice, bob, dave, frank, carol, today):
    duty_id = add(carol, frank.key, today)
    for by in (alice, bob, dave, frank):
        for act in (
            lambda by: add(by, frank.key, today),
            lambda by: install_duty_templates(starts_on=today.date(), by=by, at=today),
            lambda by: assign_duty(duty_id, owner="role:auditor", reason="x", by=by, at=today),
            lambda by: end_duty(duty_id, reason="x", by=by, at=today),
        ):
            with pytest.raises(Denied):
                act(by)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"statement": ""},
        {"evidence": ["no-such-query"]},
        {"owner": "role:account-manager"},
        {"owner": "role:king"},
        {"owner": "team:1"},
        {"starts_on": date(2020, 1, 1)},
        {"rule": DutyRule(Cadence.WEEKLY, weekday=7)},
    ],
)
def test_a_duty_that_makes_no_sense_is_refused(carol, frank, today, changes):
    with pytest.raises(Invalid):
        add(carol, changes.pop("owner", frank.key), today, **changes)
    assert not Duty.objects.exists()


def test_templates_are_installed_for_their_owners_once(carol, bob, frank, queries, today):
    from closeknit.rooms.decisions.reads.duties import shipped_templates

    names = {name for template in shipped_templates().values() for name in template.evidence}
    registry.declare(EVIDENCE, {name: EvidenceQuery(name, name, lambda ask: []) for name in names})
    first = install_duty_templates(starts_on=today.date(), by=carol, at=today)
    assert len(first) == 7
    assert {d.owner for d in reads.list_duties(by=carol) if d.template == "account-review"} == {bob.key}
    assert install_duty_templates(starts_on=today.date(), by=carol, at=today) == []
    with pytest.raises(NotFound):
        install_duty_templates(["no-such"], starts_on=today.date(), by=carol, at=today)
