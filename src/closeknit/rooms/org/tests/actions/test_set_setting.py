"""Setting, ending and reviewing values by place: who may, what is refused, and that nothing overlaps or is lost."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, connection, transaction
from tests.cast import enter

from closeknit.kernel import declared
from closeknit.kernel.errors import CloseknitError, Conflict, Denied, Invalid, NotFound
from closeknit.kernel.models import EventRow
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.end_setting import end_setting
from closeknit.rooms.org.actions.review_setting import review_setting
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts import Kind, Level, Setting
from closeknit.rooms.org.models import SettingValueRow

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHARE = Setting("tests.least_share", Kind.SHARE, 0.95, "", "A share for the tests.")
CALLS = Setting("tests.calls", Kind.COUNT, 6, "calls", "A count for everyone.", highest=9, levels=(Level.GLOBAL,))


@pytest.fixture(autouse=True)
def _declared():
    before = declared.declared("settings")
    declared.declare("settings", {**before, SHARE.key: SHARE, CALLS.key: CALLS})
    yield
    declared.declare("settings", before)


def put(value, *, by, level="global", place="", at=AT, **more):
    return set_setting(SHARE.key, value, level=level, place=place, reason="For the tests.", by=by, at=at, **more)


def in_force(at, by, **where):
    return reads.get_setting(SHARE, at=at, by=by, **where).value


def test_the_most_specific_value_in_force_wins_and_the_default_stands_before(erin, acme):
    assert in_force(AT, erin) == 0.95
    put(0.9, by=erin)
    put(0.8, by=erin, level="region", place="north")
    put(0.7, by=erin, level="site", place="hall")
    put(0.6, by=erin, level="tier", place="strategic")
    put(0.5, by=erin, level="account", place="ACME")
    assert in_force(AT - HOUR, erin) == 0.95
    assert in_force(AT, erin) == 0.9
    assert in_force(AT, erin, region="north") == 0.8
    assert in_force(AT, erin, region="south") == 0.9
    assert in_force(AT, erin, region="north", site="hall") == 0.7
    assert in_force(AT, erin, region="north", site="hall", tier="strategic") == 0.6
    found = reads.get_setting(SHARE, tier="strategic", account_number="ACME", at=AT, by=erin)
    assert (found.value, found.level, found.place, found.who) == (0.5, Level.ACCOUNT, "ACME", "Erin Admin")
    assert [part.value for part in found.chain] == [0.95, 0.9, 0.8, 0.6, 0.5]


def test_an_account_brings_its_own_region(erin, acme, bolt):
    put(0.8, by=erin, level="region", place="north")
    assert in_force(AT, erin, account_number="ACME") == 0.8
    assert in_force(AT, erin, account_number="BOLT") == 0.95


def test_many_places_are_answered_by_one_query(erin, accounts, django_assert_num_queries):
    put(0.8, by=erin, level="region", place="north")
    put(0.5, by=erin, level="account", place="BOLT")
    places = [reads_place("north", "ACME"), reads_place("south", "BOLT"), reads_place("south", "CRUMB")]
    with django_assert_num_queries(1):
        found = reads.get_settings(SHARE, places, at=AT, by=erin)
    assert [f.value for f in found] == [0.8, 0.5, 0.95]
    assert found == [
        reads.get_setting(SHARE, region=p.region, account_number=p.account_number, at=AT, by=erin) for p in places
    ]


def reads_place(region, number):
    from closeknit.rooms.org.contracts import SettingPlace

    return SettingPlace(region=region, account_number=number)


def test_a_change_ends_the_old_value_and_adds_the_new(erin):
    first = put(0.9, by=erin)
    second = put(0.8, by=erin, at=AT + HOUR)
    old, new = reads.get_setting_value(first, by=erin), reads.get_setting_value(second, by=erin)
    assert (old.ends_at, old.ended_by, old.end_reason) == (AT + HOUR, "Erin Admin", "For the tests.")
    assert (new.starts_at, new.ends_at, new.thread_id) == (AT + HOUR, None, old.thread_id)
    assert [in_force(AT + h * HOUR, erin) for h in (-1, 0, 1)] == [0.95, 0.9, 0.8]


def test_a_value_with_an_end_gives_way_to_the_one_it_interrupted(erin):
    put(0.9, by=erin)
    put(0.5, by=erin, at=AT + HOUR, starts_at=AT + DAY, ends_at=AT + 2 * DAY)
    assert [in_force(AT + h * HOUR, erin) for h in (0, 23, 24, 47, 48)] == [0.9, 0.9, 0.5, 0.5, 0.9]
    back = reads.get_setting(SHARE, at=AT + 3 * DAY, by=erin)
    assert (back.who, back.why, back.until_at) == ("Erin Admin", "For the tests.", None)


def test_an_interruption_that_ends_early_lets_the_value_before_go_on_at_once(erin):
    put(0.9, by=erin)
    short = put(0.5, by=erin, at=AT + HOUR, ends_at=AT + 9 * HOUR)
    end_setting(short, reason="Done sooner.", by=erin, at=AT + 3 * HOUR)
    assert [in_force(AT + h * HOUR, erin) for h in (0, 1, 2, 3, 8, 9, 99)] == [0.9, 0.5, 0.5, 0.9, 0.9, 0.9, 0.9]
    assert reads.get_setting(SHARE, at=AT + 4 * HOUR, by=erin).why == "For the tests."


def test_an_interruption_taken_back_before_it_begins_leaves_no_gap(erin):
    put(0.9, by=erin)
    planned = put(0.5, by=erin, at=AT + HOUR, starts_at=AT + DAY, ends_at=AT + 2 * DAY)
    end_setting(planned, reason="Not needed.", by=erin, at=AT + 2 * HOUR)
    assert [in_force(AT + h * HOUR, erin) for h in (0, 23, 24, 47, 48)] == [0.9] * 5


def test_a_planned_change_is_not_taken_away_unasked(erin):
    put(0.9, by=erin)
    planned = put(0.5, by=erin, at=AT + HOUR, starts_at=AT + DAY)
    with pytest.raises(Conflict, match="planned"):
        put(0.7, by=erin, at=AT + 2 * HOUR)
    put(0.7, by=erin, at=AT + 2 * HOUR, ends_at=AT + DAY)
    end_setting(planned, reason="No longer.", by=erin, at=AT + 3 * HOUR)
    assert in_force(AT + 2 * DAY, erin) == 0.95
    put(0.6, by=erin, at=AT + 4 * HOUR)
    assert in_force(AT + 2 * DAY, erin) == 0.6


def test_ending_a_value_lets_the_next_level_stand_again(erin, acme):
    put(0.9, by=erin)
    value = put(0.5, by=erin, level="account", place="ACME")
    end_setting(value, reason="Over.", by=erin, at=AT + HOUR)
    assert in_force(AT, erin, account_number="ACME") == 0.5
    assert in_force(AT + HOUR, erin, account_number="ACME") == 0.9
    with pytest.raises(Conflict, match="ended already"):
        end_setting(value, reason="Over.", by=erin, at=AT + 2 * HOUR)


REFUSALS = {
    "an unknown setting": ({"key": "tests.none"}, Invalid),
    "another type": ({"value": "0.9"}, Invalid),
    "no number": ({"value": float("nan")}, Invalid),
    "out of bounds": ({"value": 1.5}, Invalid),
    "an unknown level": ({"level": "street", "place": "x"}, Invalid),
    "the default level": ({"level": "default"}, Invalid),
    "a level nobody asks for": ({"key": CALLS.key, "value": 3, "level": "region", "place": "north"}, Invalid),
    "a place for everyone": ({"place": "north"}, Invalid),
    "no place": ({"level": "region"}, Invalid),
    "a place with a line's end": ({"level": "region", "place": "no\nrth"}, Invalid),
    "a place with a space around": ({"level": "region", "place": " north"}, Invalid),
    "a place too long": ({"level": "region", "place": "x" * 121}, Invalid),
    "an unknown tier": ({"level": "tier", "place": "golden"}, Invalid),
    "an unknown account": ({"level": "account", "place": "NONE"}, NotFound),
    "no reason": ({"reason": "  "}, Invalid),
    "a reason too long": ({"reason": "x" * 501}, Invalid),
    "a start in the past": ({"starts_at": AT - HOUR}, Invalid),
    "a start without offset": ({"starts_at": AT.replace(tzinfo=None)}, Invalid),
    "a start that no clock shows": ({"starts_at": datetime(9999, 12, 31, 23, tzinfo=timezone(-12 * HOUR))}, Invalid),
    "an end beyond what is kept": ({"ends_at": datetime(2201, 1, 1, tzinfo=UTC)}, Invalid),
    "a review beyond what is kept": ({"review_on": date(9999, 12, 31)}, Invalid),
    "an end before the start": ({"ends_at": AT}, Invalid),
    "a review in the past": ({"review_on": AT.date()}, Invalid),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_changes_nothing(erin, what):
    changes, kind = REFUSALS[what]
    asked = {"key": SHARE.key, "value": 0.9, "reason": "For the tests.", **changes}
    with pytest.raises(kind) as refused:
        set_setting(asked.pop("key"), asked.pop("value"), **asked, by=erin, at=AT)
    assert refused.value.kept == "Nothing was changed."
    assert not SettingValueRow.objects.exists()
    assert not EventRow.objects.filter(name="SettingChanged").exists()


def test_an_administrator_sets_everywhere_a_lead_only_locally_others_nowhere(erin, carol, alice, bob, dave, acme):
    places = [("global", ""), ("tier", "key"), ("region", "north"), ("site", "hall"), ("account", "ACME")]
    for person, most in ((erin, 5), (carol, 3), (alice, 0), (bob, 0), (dave, 0)):
        allowed = [level for level, place in places if reads.may_set(Level(level), place, by=person)]
        assert len(allowed) == most, person.name
        for level, place in places:
            if level in allowed:
                put(
                    0.9, by=person, level=level, place=place, at=AT + timedelta(seconds=SettingValueRow.objects.count())
                )
            else:
                with pytest.raises((Denied, NotFound)):
                    put(0.9, by=person, level=level, place=place)


def test_a_lead_of_some_places_deviates_there_only(acme, bolt):
    from closeknit.kernel.actor import Actor, Grant, Scope
    from closeknit.rooms.org.contracts import Permission

    rights = frozenset({Permission.SET_LOCALLY, Permission.READ_INTERNAL, Permission.READ_ACCOUNTS})
    lead = Actor("person:77", "Lena Lead", rights, Scope(grants=frozenset({Grant(region="north")})))
    assert reads.may_set(Level.REGION, "north", by=lead)
    assert reads.may_set(Level.ACCOUNT, "ACME", by=lead)
    assert not reads.may_set(Level.REGION, "south", by=lead)
    assert not reads.may_set(Level.ACCOUNT, "BOLT", by=lead)
    assert not reads.may_set(Level.SITE, "hall", by=lead)
    with pytest.raises(NotFound):
        put(0.5, by=lead, level="account", place="BOLT")
    with pytest.raises(NotFound):
        put(0.5, by=lead, level="account", place="NONE")


def test_values_of_accounts_out_of_scope_are_not_seen(erin, bob, acme, bolt):
    put(0.5, by=erin, level="account", place="ACME")
    hidden = put(0.4, by=erin, level="account", place="BOLT")
    put(0.8, by=erin, level="region", place="south")
    assert [(d.value.place, d.value.value) for d in reads.list_deviations(at=AT, by=bob)] == [
        ("south", 0.8),
        ("ACME", 0.5),
    ]
    assert reads.count_deviations(at=AT, by=bob) == 2
    card = next(card for card in reads.list_settings(at=AT, by=bob) if card.setting.key == SHARE.key)
    assert card.deviations == 2
    for number in ("BOLT", "NONE"):
        with pytest.raises(NotFound, match="no such account"):
            reads.get_setting(SHARE, account_number=number, at=AT, by=bob)
    with pytest.raises(NotFound, match="no such value"):
        reads.get_setting_value(hidden, by=bob)
    assert hidden not in [v.value_id for v in reads.list_setting_values(SHARE.key, by=bob)]


def test_a_deviation_is_a_local_value_that_differs_from_the_global_one(erin, acme):
    put(0.95, by=erin, level="region", place="north")
    put(0.8, by=erin, level="region", place="south")
    (only,) = reads.list_deviations(at=AT, by=erin)
    assert (only.value.place, only.value.value, only.global_value) == ("south", 0.8, 0.95)
    put(0.8, by=erin, at=AT + HOUR)
    (other,) = reads.list_deviations(at=AT + HOUR, by=erin)
    assert (other.value.place, other.global_value) == ("north", 0.8)
    assert reads.list_deviations(at=AT - HOUR, by=erin) == []


def test_a_local_value_without_an_end_falls_due_for_review_and_can_be_kept(erin):
    value = put(0.8, by=erin, level="region", place="north")
    assert reads.get_setting_value(value, by=erin).review_on == date(2026, 5, 31)
    later = AT + 91 * DAY
    (due,) = reads.list_deviations(due_only=True, at=later, by=erin)
    assert due.is_review_due
    review_setting(value, review_on=date(2026, 9, 1), reason="Still right.", by=erin, at=later)
    assert reads.list_deviations(due_only=True, at=later, by=erin) == []
    with pytest.raises(Invalid, match="not in the future"):
        review_setting(value, review_on=later.date(), reason="Still right.", by=erin, at=later)
    with pytest.raises(Invalid, match="local"):
        review_setting(put(0.9, by=erin), review_on=date(2027, 1, 1), reason="Why not.", by=erin, at=AT)


def test_who_saw_another_value_is_told_and_changes_nothing(erin):
    first = put(0.9, by=erin, seen_id=0)
    with pytest.raises(Conflict, match="meanwhile"):
        put(0.8, by=erin, seen_id=0, at=AT + HOUR)
    with pytest.raises(Conflict, match="meanwhile"):
        put(0.8, by=erin, at=AT - HOUR)
    put(0.8, by=erin, seen_id=first, at=AT + HOUR)
    assert in_force(AT + HOUR, erin) == 0.8


@pytest.mark.django_db(transaction=True)
def test_of_writers_at_once_who_saw_the_same_value_exactly_one_wins():
    erin = enter("erin")
    outcomes = together(lambda number: put(number / 10, by=erin, seen_id=0, at=AT + number * HOUR / 100), 6)
    assert [type(o) for o in outcomes].count(int) == 1
    assert all(isinstance(o, int | Conflict) for o in outcomes)
    assert SettingValueRow.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_leave_one_value_at_each_instant():
    erin = enter("erin")
    together(lambda number: put(number / 10, by=erin, at=AT + number * HOUR), 6)
    for hour in range(8):
        moment = AT + hour * HOUR
        rows = [v for v in reads.list_setting_values(SHARE.key, by=erin) if v.is_in_force(moment)]
        assert len(rows) <= 1


def together(act, count):
    """Run an act in threads that start at once; return their answers or refusals."""
    gate, outcomes = threading.Barrier(count), []

    def run(number):
        gate.wait()
        try:
            outcomes.append(act(number))
        except CloseknitError as refused:
            outcomes.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(1, count + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def row(starts_at, ends_at, place="north"):
    return SettingValueRow(
        key=SHARE.key,
        level="region",
        place=place,
        value=0.5,
        set_by_key="person:1",
        set_by_name="Erin",
        reason="Straight into the table.",
        set_at=AT,
        starts_at=starts_at,
        ends_at=ends_at,
        thread_id="00000000-0000-7000-8000-000000000001",
    )


def test_the_database_lets_no_two_values_of_a_place_overlap(db):
    row(AT, AT + DAY).save()
    row(AT + DAY, None).save()
    row(AT, None, place="south").save()
    for starts_at, ends_at in ((AT - DAY, AT + HOUR), (AT + HOUR, AT + 2 * HOUR), (AT + 9 * DAY, None)):
        with pytest.raises(IntegrityError, match="one_value_at_a_time"), transaction.atomic():
            row(starts_at, ends_at).save()


def test_red_twin_without_the_constraint_values_overlap(owner):
    with connection.cursor() as cursor:
        cursor.execute("alter table org_setting_value drop constraint one_value_at_a_time")
    row(AT, AT + DAY).save()
    row(AT + HOUR, None).save()
    assert SettingValueRow.objects.count() == 2


@pytest.mark.parametrize(
    ("level", "place", "ends_at"), [("global", "north", None), ("region", "", None), ("region", "north", AT - DAY)]
)
def test_the_database_refuses_what_cannot_be(db, level, place, ends_at):
    wrong = row(AT, ends_at, place)
    wrong.level = level
    with pytest.raises(IntegrityError), transaction.atomic():
        wrong.save()
