"""Each change of a setting leaves a line with the value before and after, the reason and who, on one thread."""

from datetime import UTC, datetime, timedelta

from closeknit.kernel import events
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.contracts.settings import MOST_DATA_AGE_DAYS, URGENT_PER_HOUR
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.actions.end_setting import end_setting
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts.settings import REVIEW_AFTER_DAYS

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def put(setting, value, reason, *, by, at=AT, **more):
    return set_setting(setting.key, value, reason=reason, by=by, at=at, **more)


def lines_of(value_id, by):
    while events.deliver():
        continue
    thread_id = org.get_setting_value(value_id, by=by).thread_id
    return sorted(reads.get_thread(thread_id, by=by), key=lambda line: line.entry_id)


def test_setting_changing_and_ending_are_lines_of_one_thread(erin):
    first = put(MOST_DATA_AGE_DAYS, 5, "Orders come daily.", by=erin)
    second = put(MOST_DATA_AGE_DAYS, 3, "Twice a day {actor}.", by=erin, at=AT + HOUR, ends_at=AT + 9 * HOUR)
    end_setting(second, reason="Back to weekly.", by=erin, at=AT + 2 * HOUR)
    lines = lines_of(first, erin)
    assert [line.kind for line in lines] == ["setting.changed", "setting.changed", "setting.ended"]
    assert [line.sentence for line in lines] == [
        "Erin Admin set decisions.plan_approval.most_data_age_days to 5 days. Reason: Orders come daily.",
        (
            "Erin Admin set decisions.plan_approval.most_data_age_days to 3 days"
            " until 2026-03-02 18:00 UTC, was 5 days. Reason: Twice a day (actor)."
        ),
        "Erin Admin ended decisions.plan_approval.most_data_age_days = 3 days. Reason: Back to weekly.",
    ]
    assert lines[1].evidence["before"]["value"] == 5
    assert lines[1].evidence["after"]["value"] == 3
    assert lines[0].evidence["before"] is None
    assert {line.actor_key for line in lines} == {erin.key}


def test_each_setting_has_a_thread_of_its_own(erin):
    one = put(URGENT_PER_HOUR, 4, "Too many calls.", by=erin)
    other = put(REVIEW_AFTER_DAYS, 30, "Look sooner.", by=erin)
    assert len(lines_of(one, erin)) == 1
    assert len(lines_of(other, erin)) == 1
