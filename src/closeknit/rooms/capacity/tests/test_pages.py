"""The plan on the page: numbers, prices for those who may see them, scope, and a fixed cost."""

import pytest
from tests.cast import sign_in

from closeknit.rooms.capacity.models import ClaimWeekRow, Pool
from closeknit.rooms.customers.models import Account
from closeknit.web.tests.scene import Scene, build


@pytest.fixture
def scene(accounts, alice) -> Scene:
    return build(accounts, alice)


def text_of(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_plan_shows_numbers_prices_bottleneck_and_assumptions(client, scene):
    sign_in(client, "alice")
    html = text_of(client, f"/plans/{scene.plan_id}/")
    assert "95.0%" in html
    assert "€4,321" in html
    assert "Where one more picker helps most" in html
    assert "€437.50" in html
    assert "Pickers are assumed: &lt;b&gt;eight&lt;/b&gt; by day." in html
    assert f"/threads/{scene.thread_id}/" in html


def test_who_may_not_see_prices_sees_none(client, scene, bob):
    sign_in(client, "bob")
    html = text_of(client, f"/plans/{scene.plan_id}/")
    exported = b"".join(client.get(f"/plans/{scene.plan_id}/?format=csv").streaming_content).decode()
    assert "437.50" not in html + exported
    assert "4,321" not in html
    assert "Where one more" not in html


def test_bob_sees_only_his_accounts_among_the_claims(client, scene, bob):
    sign_in(client, "bob")
    claims = b"".join(client.get(f"/plans/{scene.plan_id}/?format=claims").streaming_content).decode()
    assert "ACME" in claims
    assert "BOLT" not in claims
    sign_in(client, "alice")
    claims = b"".join(client.get(f"/plans/{scene.plan_id}/?format=claims").streaming_content).decode()
    assert "BOLT" in claims


def test_coverage_is_told_by_word_and_mark_not_by_colour_alone(client, scene):
    sign_in(client, "alice")
    html = text_of(client, f"/plans/{scene.plan_id}/")
    assert "cov-low" in html
    assert "partly covered: Pickers 0" in html


def test_the_page_costs_the_same_for_two_pools_and_for_twenty(client, scene, django_assert_max_num_queries):
    from closeknit.rooms.capacity.models import PoolWeekRow

    sign_in(client, "alice")
    client.get("/plans/")  # The first page of a session reads how its person wants pages to look.
    with django_assert_max_num_queries(10):
        client.get(f"/plans/{scene.plan_id}/")
    rows = list(PoolWeekRow.objects.filter(plan_id=scene.plan_id, pool="pick-1"))
    for number in range(2, 20):
        for row in rows:
            row.pk, row.pool = None, f"pick-{number}"
            row.save(force_insert=True)
    with django_assert_max_num_queries(10):
        assert len(client.get(f"/plans/{scene.plan_id}/").context["map"].rows) == 20


def test_replanning_needs_the_right_and_a_known_operation(client, scene, bob):
    sign_in(client, "bob")
    assert client.post("/plans/start/", {"operation": "warehouse"}).status_code == 403
    sign_in(client, "alice")
    assert client.post("/plans/start/", {"operation": "nothing"}).status_code in (404, 422)
    assert client.post("/plans/start/", {}).status_code == 422
    assert client.get("/plans/start/").status_code == 405


def test_progress_stops_asking_when_the_plan_is_before_policy(client, scene):
    sign_in(client, "alice")
    response = client.get(f"/tiles/plan-progress/{scene.thread_id}/")
    assert response.status_code == 286
    assert b"Open the plan" in response.content


def test_progress_goes_on_while_nothing_is_settled(client, alice):
    from closeknit.kernel import ids

    sign_in(client, "alice")
    response = client.get(f"/tiles/plan-progress/{ids.new_id()}/")
    assert response.status_code == 200
    assert "…" in response.content.decode()


def test_an_unclear_cell_is_refused_with_what_to_do(client, scene):
    sign_in(client, "alice")
    response = client.get(f"/plans/{scene.plan_id}/cells/?pool=pick-0&week=soon")
    assert response.status_code == 422
    assert b"Choose a cell" in response.content


def test_the_account_tile_shows_what_is_short_and_why(client, scene):
    sign_in(client, "alice")
    html = text_of(client, "/tiles/account-capacity/?account=ACME")
    assert "20.0 h short" in html
    assert "ACME gets what is there." in html
    assert "planned together" in text_of(client, "/tiles/account-capacity/?account=NOBODY")


def test_an_account_says_what_one_more_person_would_save_where_it_is_short(client, scene, bob):
    sign_in(client, "alice")
    html = text_of(client, "/tiles/account-capacity/?account=ACME")
    assert "One more picker that week would save <strong>€437.50</strong>" in html
    sign_in(client, "bob")
    assert "One more picker" not in text_of(client, "/tiles/account-capacity/?account=ACME")


def test_the_tile_of_an_account_planned_with_its_tier_says_where_the_tier_is_short(client, scene, bob):
    ClaimWeekRow.objects.filter(account_number="CRUMB").delete()
    claim = ClaimWeekRow.objects.filter(plan_id=scene.plan_id).first()
    Account.objects.filter(account_number="CRUMB").update(region="north")
    Pool.objects.filter(pool=claim.pool).update(regions=["north"], name="Pickers North")
    ClaimWeekRow.objects.filter(pk=claim.pk).update(account_number="", tier="volume", short_hours=7.25)
    sign_in(client, "alice")
    html = text_of(client, "/tiles/account-capacity/?account=CRUMB")
    assert "Pickers North" in html
    assert "7.3" in html
    Pool.objects.filter(pool=claim.pool).update(regions=["south"])
    assert "Pickers North" not in text_of(client, "/tiles/account-capacity/?account=CRUMB")
    sign_in(client, "bob")
    assert "7.3" not in text_of(client, "/tiles/account-capacity/?account=CRUMB")
