"""The shipped table of tiers against the sample company's own: who would move are the ones that a person would move."""

from collections import Counter
from datetime import date

import pytest
from django.urls import reverse
from tests.cast import sign_in

from closeknit.demo import CompanySpec, generate
from closeknit.kernel import clock
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.adopt_accounts import adopt_accounts
from closeknit.rooms.customers.actions.refresh_scores import refresh_scores
from closeknit.rooms.customers.actions.refresh_tiers import refresh_tiers
from closeknit.rooms.customers.actions.refresh_values import refresh_values
from closeknit.rooms.customers.contracts import TIER_ORDER
from closeknit.rooms.sensing.actions.load_recipe import load_recipe

pytestmark = pytest.mark.django_db
ON = date(2026, 11, 16)
ACCOUNTS = 200
MOST_MOVES = 0.12
"""Nineteen of twenty stay by each of the thresholds, and an account is near two of them."""


def test_few_accounts_would_leave_the_tier_that_their_company_gave_them(tmp_path, alice, client):
    files = generate(CompanySpec(seed=23, accounts=ACCOUNTS, weeks=56, ends_on=ON), tmp_path / "company")
    card = load_recipe("sample-company", files.folder, by=alice, at=clock.now())
    adopt_accounts(card.batch_id, thread_id=card.thread_id, by=alice)
    run = refresh_values(on=ON, by=alice, at=clock.now())
    refresh_scores(run, by=alice, at=clock.now())
    refresh_tiers(run, by=alice, at=clock.now())
    weeks = reads.list_tier_weeks(by=alice, at=clock.now(), moving_only=False, limit=1000)
    moves = Counter((each.tier, each.says) for each in weeks if each.tier != each.says)
    assert len(weeks) == ACCOUNTS
    assert 0 < sum(moves.values()) <= MOST_MOVES * ACCOUNTS, moves
    # Nobody is called strategic for its orders alone, and the closest tiers of a company are hardly touched.
    assert not [move for move in moves if move[1] == "strategic" and move[0] in ("standard", "volume")], moves
    assert sum(count for (before, _), count in moves.items() if before in TIER_ORDER[:2]) <= 0.02 * ACCOUNTS, moves
    sign_in(client, "alice")
    page = client.get(reverse("tier-week")).content.decode()
    assert "would move" in page or "would-move" in page
    assert all(each.because in page.replace("&#x27;", "'") for each in weeks[:1] if each.tier != each.says)
