"""Every path that deletes goes through the one gate, or is named here with the reason why it need not."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from closeknit.kernel import clock, declared, events
from closeknit.kernel.deletions import JUDGE, Deletion, ask_gate
from closeknit.rooms.decisions.actions.clear_notices import clear_notices
from closeknit.rooms.org.reads import system_actor
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.actions.place_hold import WantedHold, place_hold

SOURCE = Path(__file__).resolve().parents[2] / "src" / "closeknit"
# `np.delete` makes a shorter copy of an array.
DELETES = re.compile(
    r"(?<!\bnp)\.delete\(|\b_raw_delete\(|\bdelete from\b|^\s*truncate |\"truncate |\.unlink\(|\brmtree\(", re.I | re.M
)

# These delete data about customers or people: each of them asks the gate.
GATED = {
    "kernel/events.py": "ask_gate(",
    "rooms/decisions/actions/clear_notices.py": "ask_gate(",
    "rooms/privacy/actions/apply_retention.py": "judge_bulk(",
    "rooms/sensing/actions/take_messages.py": "ask_gate(",
}
# What these delete tells nothing that is not kept elsewhere. A line needs its reason; this list is meant to shrink.
TECHNICAL = {
    "demo/writing.py": "a half-written file of made-up data",
    "kernel/keys.py": "the draft of a key's file, whose other name stays",
    "kernel/postgres/binaries.py": "programs that are fetched again",
    "kernel/postgres/cluster.py": "a cluster that was not finished",
    "kernel/postgres/door.py": "the whole data folder, when its owner asks for it",
    "kernel/postgres/keeper.py": "a note of which process runs",
    "kernel/postgres/server.py": "a note of which process runs, and its log",
    "kernel/sessions.py": "sign-ins that ended",
    "kernel/throttle.py": "digests of tries to sign in",
    "rooms/capacity/actions/adopt_pools.py": "rosters and closures that a source states anew",
    "rooms/decisions/actions/notify.py": "the mark that a notice waits for its digest",
    "rooms/decisions/actions/route_notices.py": "the mark that a notice waits for its digest",
    "rooms/demand/actions/score_forecasts.py": "scores that are computed anew in the same breath",
    "rooms/org/actions/change_roles.py": "grants, whose change stands in the ledger",
    "rooms/org/actions/keep_view.py": "a name for a list's address, at its owner's wish",
    "rooms/org/actions/set_sign_in.py": "a second factor, at its owner's wish",
    "rooms/outcomes/actions/refresh_board.py": "lines that are computed anew in the same breath",
    "rooms/sensing/storing": "the staging table of one load",
    "web/settings.py": "parts of a build",
}


def deleting(folder: Path = SOURCE) -> Iterator[tuple[str, str]]:
    """Every file that deletes something, and its text."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        if "tests" not in parts and "migrations" not in parts and DELETES.search(path.read_text(encoding="utf-8")):
            yield "/".join(parts), path.read_text(encoding="utf-8")


def unexplained(found: Iterator[tuple[str, str]]) -> list[str]:
    return [name for name, _ in found if name not in GATED and not any(name.startswith(known) for known in TECHNICAL)]


def test_whoever_deletes_asks_the_gate_or_says_why_not():
    assert unexplained(deleting()) == [], "ask closeknit.kernel.deletions.ask_gate, or say here why that is not needed"
    texts = dict(deleting())
    for name, call in GATED.items():
        assert call in texts[name], f"{name} deletes and asks nobody"


def test_red_twin_a_new_path_that_deletes_is_seen(tmp_path):
    (tmp_path / "new.py").write_text('cursor.execute("DELETE FROM customers_account")\n')
    assert unexplained(deleting(tmp_path)) == ["new.py"]
    (tmp_path / "new.py").write_text("Account.objects.all().delete()\n")
    assert unexplained(deleting(tmp_path)) == ["new.py"]
    (tmp_path / "new.py").write_text("Account.objects.all()\n")
    assert unexplained(deleting(tmp_path)) == []


def test_a_hold_stops_each_path(db, erin):
    """With a hold on everybody nothing goes; the verdicts stand on record, and once released it goes."""
    from closeknit.kernel import ids
    from closeknit.kernel.models import Delivery, EventRow
    from closeknit.rooms.decisions.models import Notice
    from closeknit.rooms.privacy.actions.place_hold import release_hold

    now = clock.now()
    long_ago = now - timedelta(days=900)
    event = EventRow.objects.create(uid=ids.new_id(), name="X", thread_id=ids.new_id(), actor_key="system", body={})
    EventRow.objects.update(published_at=long_ago)
    Delivery.objects.create(event=event, listener="x:y", state="done", tries=1, settled_at=long_ago)
    told = {"cause": "c", "title": "T", "body": "", "link": "/", "is_urgent": False, "thread_id": ids.new_id()}
    times = {"first_at": long_ago, "last_at": long_ago, "read_at": long_ago}
    Notice.objects.create(id=ids.new_id(), person_key="person:1", **told, **times)
    hold = place_hold(WantedHold("Case", "Court.", now.date() + timedelta(days=9)), by=erin, at=now)
    assert events.purge_settled(30) == 0
    assert clear_notices(by=system_actor()) == 0
    assert {line.data_class for line in reads.list_gate_lines(by=erin) if not line.is_allowed} == {"news", "messages"}
    release_hold(hold, reason="Settled.", by=erin, at=now)
    assert events.purge_settled(30) == 1
    assert clear_notices(by=system_actor()) == 1


def test_without_a_judge_or_a_rule_nothing_goes(db, monkeypatch):
    ask = Deletion("no such class", "anything", clock.now() - timedelta(days=900))
    assert not ask_gate(ask).is_allowed
    assert "no class of data" in ask_gate(ask).why
    news = Deletion("news", "anything", clock.now() - timedelta(days=900))
    assert ask_gate(news).is_allowed
    monkeypatch.setattr(declared, "_declared", {**declared._declared, JUDGE: {}})
    assert not ask_gate(news).is_allowed


@pytest.mark.parametrize("name", sorted(TECHNICAL))
def test_the_list_holds_nothing_that_is_gone(name):
    assert any(path.startswith(name) for path, _ in deleting())
