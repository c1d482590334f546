"""Each kind of proposal has a button that says in words what it opens, and opens it."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.urls import resolve
from tests.cast import sign_in

from closeknit.kernel import clock
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.decisions.pages.proposals import page_about
from closeknit.web.tests.scene import build

pytestmark = pytest.mark.django_db
SUBJECTS = {
    "plan": ("plan:{id}", "Open the plan", "plan-detail"),
    "tier": ("account:ACME", "Open the account", "account-detail"),
    "scored-tier": ("account:ACME", "Open the account", "account-detail"),
    "exception": ("exception:{id}", "Open the exception", "exception-detail"),
    "renegotiation": ("contract:C-1", "Open the account", "account-detail"),
    "merge": ("account:ACME", "Open the account", "account-detail"),
    "capacity-loan": ("shortage:{id}", "Open the shortage", "shortage-detail"),
}
"""By kind: what its proposals are about, what the button says, and the page it opens."""


@pytest.fixture
def scene(accounts, alice):
    return build(accounts, alice)


def test_every_kind_of_the_decision_table_has_its_button(alice):
    kinds = {kind.kind for kind in reads.get_policy(by=alice).kinds}
    assert kinds == set(SUBJECTS)


@pytest.mark.parametrize("kind", SUBJECTS)
def test_the_button_names_what_it_opens(kind, scene, client):
    subject, label, page = SUBJECTS[kind]
    Proposal.objects.filter(pk=scene.proposal_id).update(
        kind=kind, subject=subject.format(id=scene.plan_id), account_number="ACME"
    )
    sign_in(client, "carol")
    answer = client.get(f"/proposals/{scene.proposal_id}/")
    assert answer.status_code == 200
    about = answer.context["about"]
    assert (about.label, resolve(about.address).url_name) == (label, page)
    assert f'<a class="button" href="{about.address}">{label}</a>' in answer.content.decode()


def test_what_has_no_page_has_no_button(scene, carol):
    card = reads.get_proposal_detail(scene.proposal_id, by=carol, at=clock.now()).card
    assert page_about(card) is not None
    assert page_about(replace(card, subject="plan:not-an-id")) is None
    assert page_about(replace(card, subject=f"unknown:{uuid4()}", account_number="")) is None
