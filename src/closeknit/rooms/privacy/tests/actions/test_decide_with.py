"""The guard: a decision against a subject's will leaves nothing but its refusal, which is escalated once."""

import threading
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection, transaction

from closeknit.kernel import clock, ids
from closeknit.kernel.scope import seeing_everything
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.actions.decide_with import NotWanted, deciding, deciding_about_many
from closeknit.rooms.privacy.contracts import ConsentState
from closeknit.rooms.privacy.models import Consent, RefusedUse
from closeknit.rooms.privacy.tests.saying import ACME, NOW, say


def note(by, **evidence):
    return record_entry(
        Entry(thread_id=ids.new_id(), kind="test.decided", subject="test", sentence="Decided.", evidence=evidence),
        by=by,
    )


def test_what_is_allowed_commits_with_what_it_rests_on(acme, alice):
    with deciding(ACME, "tiering", decision="tier change", by=alice, at=NOW) as use:
        note(alice, **use.as_evidence())
    (line,) = [line for line in decisions.list_entries(by=alice) if line.kind == "test.decided"]
    assert line.evidence["basis"] == "legitimate-interests"


def test_what_is_refused_leaves_nothing_and_is_escalated_once(acme, alice, bob, carol):
    consent_id = say("tiering", by=bob)
    for _ in range(2):
        refusal = pytest.raises(NotWanted, match="withdrawn")
        with refusal, deciding(ACME, "tiering", decision="tier change", by=alice, at=NOW):
            note(alice, never="here")
    kinds = [line.kind for line in decisions.list_entries(by=alice)]
    assert "test.decided" not in kinds
    assert kinds.count("use.refused") == 2
    assert {row.consent_id for row in RefusedUse.objects.all()} == {consent_id}
    assert len([e for e in decisions.list_escalations(by=carol) if e.path == "privacy-conflict"]) == 1
    assert reads.list_refused_uses(by=bob)[0]["decision"] == "tier change"


def test_a_clock_that_is_behind_lets_nobody_overhear_an_opt_out(acme, alice, bob):
    say("tiering", by=bob, at=NOW)
    with pytest.raises(NotWanted), deciding(ACME, "tiering", decision="tier", by=alice, at=NOW - timedelta(days=1)):
        pass


def test_many_at_once(acme, bolt, alice, bob):
    say("account-forecast", by=bob)
    with deciding_about_many("account-forecast", ["ACME", "BOLT"], by=alice, at=NOW) as refused:
        assert refused == {"ACME"}


DECISIONS, LATE = 10_000, 400
WORKERS = 4


def race(decide, by, *, decisions: int, withdraw_after: int) -> int:
    """Decide in several threads and withdraw in the middle; return how many uses there were before the withdrawal."""
    numbers, failures = count(), []

    def work():
        try:
            with seeing_everything():
                while next(numbers) < decisions:
                    decide(by)
        except Exception as failure:
            failures.append(failure)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    while uses() < withdraw_after and not failures:
        threading.Event().wait(0.01)
    with transaction.atomic():
        say("tiering", by=by, at=clock.now())
        before = uses()
    for thread in threads:
        thread.join()
    assert failures == []
    return before


def use(withdrawals: int, by) -> None:
    record_entry(
        Entry(thread_id=ids.new_id(), kind=f"race.used-{withdrawals}", subject="race", sentence="Used.", evidence={}),
        by=by,
    )


def withdrawals() -> int:
    return Consent.objects.filter(state=ConsentState.WITHDRAWN.value).count()


def uses(kind: str = "race.used-0") -> int:
    return LedgerEntry.objects.filter(kind=kind).count()


def guarded(by) -> None:
    try:
        with deciding(ACME, "tiering", decision="race", by=by, at=clock.now()):
            use(withdrawals(), by)
    except NotWanted:
        return


def unguarded(by) -> None:
    """The red twin asks before its transaction, as one would who knows no better."""
    if reads.may_use(ACME, "tiering", by=by, at=clock.now()).is_allowed:
        with transaction.atomic():
            use(withdrawals(), by)


@pytest.mark.django_db(transaction=True)
def test_of_ten_thousand_decisions_none_uses_what_was_withdrawn_before_its_commit(acme, carol):
    before = race(guarded, carol, decisions=DECISIONS, withdraw_after=DECISIONS - LATE)
    assert uses("race.used-1") == 0, "a use that could see the withdrawal"
    assert uses() == before, "a use that committed after the withdrawal"
    assert RefusedUse.objects.count() == DECISIONS - before > 0


@pytest.mark.django_db(transaction=True)
def test_red_twin_who_asks_before_the_transaction_uses_what_was_withdrawn(acme, carol):
    for _ in range(40):
        Consent.objects.all().delete()
        have = uses()
        before = race(unguarded, carol, decisions=80, withdraw_after=have + 20)
        if uses() > before or uses("race.used-1"):
            return
    pytest.fail("no use slipped through in any round: the race test sees nothing")
