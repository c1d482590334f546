"""A thread's decisions come out the same again, and do not where what they were computed from was changed."""

import json

import pytest
from tests.cast import sign_in
from tests.small_company import build

from closeknit.kernel import ids
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.models import PolicyRow
from closeknit.rooms.decisions.tests.test_proofs_by_every_entrance import run_cli


@pytest.fixture
def company(db, tmp_path):
    return build(tmp_path)


def spoil_snapshot(plan_id):
    plan = Plan.objects.get(pk=plan_id)
    said = json.loads(bytes(plan.snapshot))
    pool = said["pools"][0]
    name = next(name for name, value in pool.items() if isinstance(value, int | float) and value)
    pool[name] = pool[name] * 2
    Plan.objects.filter(pk=plan_id).update(snapshot=json.dumps(said).encode())


def test_the_plan_and_the_judgement_come_out_the_same(company, alice):
    replay = reads.replay_thread(company.thread_id, by=alice)
    assert {one.kind for one in replay.replayed} == {"forecast.refreshed", "plan.drafted", "plan.proposed"}
    assert [one for one in replay.replayed if not one.same] == []
    assert all(len(one.then_digest) == 64 for one in replay.replayed)


def test_red_twin_with_another_snapshot_the_plan_comes_out_different(company, alice):
    spoil_snapshot(company.plan_id)
    replay = reads.replay_thread(company.thread_id, by=alice)
    assert not replay.same
    assert [one.kind for one in replay.replayed if not one.same] == ["plan.drafted"]


def test_red_twin_with_another_table_the_judgement_comes_out_different(company, alice):
    row = PolicyRow.objects.get()
    lines = row.text.splitlines()
    changed = "\n".join(line.replace("0.95", "0.5").replace("0.10", "0.01") for line in lines)
    assert changed != row.text
    PolicyRow.objects.update(text=changed)
    replay = reads.replay_thread(company.thread_id, by=alice)
    assert [one.kind for one in replay.replayed if not one.same] == ["plan.proposed"]


def test_what_is_gone_counts_as_different_and_says_why(company, alice):
    Plan.objects.filter(pk=company.plan_id).update(snapshot=b"{}")
    (one,) = [one for one in reads.replay_thread(company.thread_id, by=alice).replayed if not one.same]
    assert "cannot be" in one.failure


def test_who_may_not_read_the_ledger_may_not_replay(company, bob, alice):
    with pytest.raises(Denied):
        reads.replay_thread(company.thread_id, by=bob)
    with pytest.raises(NotFound):
        reads.replay_thread(ids.new_id(), by=alice)


def test_page_api_and_command_say_the_same(company, client, capsys):
    sign_in(client, "alice")
    html = client.get(f"/threads/{company.thread_id}/replay/").content.decode()
    assert "Every decision came out the same" in html
    assert (
        f'href="/threads/{company.thread_id}/replay/"' in client.get(f"/threads/{company.thread_id}/").content.decode()
    )
    by_api = client.get(f"/api/v1/threads/{company.thread_id}/replay").json()
    assert by_api["same"] is True
    assert {one["same"] for one in by_api["replayed"]} == {True}
    assert run_cli("replay", str(company.thread_id), "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["same"], len(said["decisions"])) == ("closeknit.thread-replay/1", True, 3)
    spoil_snapshot(company.plan_id)
    assert "Not every decision" in client.get(f"/threads/{company.thread_id}/replay/").content.decode()
    assert client.get(f"/api/v1/threads/{company.thread_id}/replay").json()["same"] is False
    assert run_cli("replay", str(company.thread_id)) == 1
    assert "DIFFERENT" in capsys.readouterr().out


def test_bob_is_not_offered_the_button(company, client):
    sign_in(client, "bob")
    answer = client.get(f"/threads/{company.thread_id}/")
    assert b"/replay/" not in answer.content
