"""The ledger, threads and answers on the page."""

import pytest
from tests.cast import sign_in

from closeknit.rooms.decisions.models import Proposal
from closeknit.web.tests.scene import Scene, build


@pytest.fixture
def scene(accounts, alice) -> Scene:
    return build(accounts, alice)


def answer(client, scene, **form):
    return client.post(f"/proposals/{scene.proposal_id}/decide/", form)


def state(scene):
    return Proposal.objects.get(pk=scene.proposal_id).state


def test_carol_is_asked_and_her_approval_counts(client, scene, carol):
    sign_in(client, "carol")
    assert b"Approve" in client.get("/tiles/inbox/").content
    response = answer(client, scene, answer="approve", reason="Agreed.", back="/plans/")
    assert (response.status_code, response["Location"], state(scene)) == (302, "/plans/", "approved")
    assert "Agreed." in client.get(f"/threads/{scene.thread_id}/").content.decode()


def test_the_answer_never_leads_to_another_site(client, scene, carol):
    sign_in(client, "carol")
    response = answer(client, scene, answer="approve", back="https://elsewhere.example/")
    assert response["Location"] == f"/threads/{scene.thread_id}/"


def test_a_rejection_without_a_reason_is_refused(client, scene, carol):
    sign_in(client, "carol")
    assert answer(client, scene, answer="reject").status_code == 422
    assert answer(client, scene, answer="perhaps").status_code == 422
    assert state(scene) == "waiting"
    assert answer(client, scene, answer="reject", reason="Too dear.").status_code == 302
    assert state(scene) == "rejected"


def test_who_may_not_decide_is_neither_asked_nor_heard(client, scene):
    sign_in(client, "alice")
    assert b"Approve" not in client.get("/tiles/inbox/").content
    assert answer(client, scene, answer="approve").status_code == 403
    assert state(scene) == "waiting"


def test_bob_reads_the_lines_of_his_accounts_only(client, scene, bob):
    sign_in(client, "bob")
    lines = client.get("/ledger/").context["lines"]
    assert [line.sentence for line in lines if not line.kind.startswith("escalation.")] == ["ACME is short."]
    exported = b"".join(client.get("/ledger/?format=csv").streaming_content).decode()
    assert "ACME is short." in exported
    assert "plan.proposed" not in exported


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("kind=plan.proposed", {"plan.proposed"}),
        ("account=ACME", {"account.short"}),
        ("actor=alice", {"plan.proposed", "account.short"}),
        ("actor=nobody", set()),
        ("until=2020-01-01", set()),
        ("since=2020-01-01", {"plan.proposed", "account.short"}),
    ],
)
def test_ledger_filters(client, scene, query, kinds):
    sign_in(client, "alice")
    found = {line.kind for line in client.get(f"/ledger/?{query}").context["lines"]}
    assert {kind for kind in found if not kind.startswith(("escalation.", "duty-calendar."))} == kinds


def test_an_unreadable_filter_says_so(client, scene):
    sign_in(client, "alice")
    assert b"could not be read" in client.get("/ledger/?since=soon").content


def test_the_thread_links_to_what_its_steps_are_about(client, scene):
    sign_in(client, "alice")
    html = client.get(f"/threads/{scene.thread_id}/").content.decode()
    assert f'href="/plans/{scene.plan_id}/"' in html
    assert "sealed as" in html


def test_a_thread_costs_the_same_for_few_lines_and_many(client, scene, alice, django_assert_max_num_queries):
    from django.db import transaction

    from closeknit.rooms.decisions.actions.record_entry import record_entry
    from closeknit.rooms.decisions.contracts import Entry

    sign_in(client, "alice")
    client.get("/ledger/")  # The first page of a session reads how its person wants pages to look.
    with django_assert_max_num_queries(6):
        client.get(f"/threads/{scene.thread_id}/")
    with transaction.atomic():
        for i in range(60):
            record_entry(Entry(scene.thread_id, "x.y", "z:1", f"Line {i}.", {"i": i}), by=alice)
    with django_assert_max_num_queries(6):
        client.get(f"/threads/{scene.thread_id}/")
