"""Signing in, the navigation, problems and background work."""

import pytest
from tests.cast import PASSWORD, sign_in

from closeknit.kernel import throttle

pytestmark = pytest.mark.django_db


def try_password(client, word):
    return client.post("/sign-in/", {"username": "alice", "password": word})


def test_the_right_password_leads_to_today(client, alice):
    response = try_password(client, PASSWORD)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_a_wrong_password_says_so_without_telling_which_part_was_wrong(client, alice):
    response = try_password(client, "no")
    assert response.status_code == 422
    assert b"do not go together" in response.content


def test_after_ten_wrong_tries_even_the_right_password_waits(client, alice):
    for _ in range(throttle.MOST_TRIES):
        assert try_password(client, "no").status_code == 422
    response = try_password(client, PASSWORD)
    assert response.status_code == 429
    assert b"Wait a minute" in response.content


def test_without_the_throttle_the_eleventh_try_would_get_in(client, alice, monkeypatch):
    monkeypatch.setattr(throttle, "take_try", lambda *_, **__: throttle.Taken())
    for _ in range(throttle.MOST_TRIES):
        try_password(client, "no")
    assert try_password(client, PASSWORD).status_code == 302


def test_only_failures_count(client, alice):
    for _ in range(throttle.MOST_TRIES + 2):
        assert try_password(client, PASSWORD).status_code == 302
        client.logout()


def test_sign_in_does_not_lead_to_other_sites(client, alice):
    response = client.post("/sign-in/?next=https://elsewhere.example/", {"username": "alice", "password": PASSWORD})
    assert response["Location"] == "/"


def test_signing_out_needs_a_post(client, alice):
    sign_in(client, "alice")
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/").status_code == 302


def test_the_navigation_shows_where_one_may_go(client, alice, bob):
    sign_in(client, "bob")
    html = client.get("/").content.decode()
    assert 'href="/accounts/"' in html
    assert 'href="/feeds/"' not in html
    sign_in(client, "alice")
    assert 'href="/feeds/"' in client.get("/").content.decode()


def test_demo_sign_ins_show_only_where_the_demo_left_them(client, settings, tmp_path):
    settings.HOME = tmp_path
    assert b"Try it as" not in client.get("/sign-in/").content
    (tmp_path / "demo-people.json").write_text('[{"username":"u","password":"p","name":"Una","does":"tries"}]')
    assert b"Una" in client.get("/sign-in/").content
    settings.PRODUCTION = True
    assert b"Una" not in client.get("/sign-in/").content


def test_an_unknown_address_is_a_page_that_leads_back(client, alice):
    sign_in(client, "alice")
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert b"Go to Today" in response.content


def test_a_problem_in_a_tile_is_a_tile(client, alice):
    sign_in(client, "alice")
    response = client.get("/tiles/demand-fan/", headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert b"<html" not in response.content
    assert b"What to do" in response.content


def test_a_form_without_its_token_is_refused_and_says_what_to_do(alice):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    response = client.post("/sign-in/", {"username": "alice", "password": PASSWORD})
    assert response.status_code == 403
    assert b"reload the page" in response.content


def dead_letter():
    from closeknit.kernel import ids
    from closeknit.kernel.models import Delivery, EventRow

    event = EventRow.objects.create(
        uid=ids.new_id(), name="PlanProposed", thread_id=ids.new_id(), actor_key="system", body={}
    )
    return Delivery.objects.create(event=event, listener="x:y", state="dead", tries=5, last_error="It broke <here>.")


def test_dead_letters_show_their_reason_and_only_who_may_replays_them(client, alice, erin):
    letter = dead_letter()
    sign_in(client, "alice")
    html = client.get("/work/").content.decode()
    assert "It broke &lt;here&gt;." in html
    assert "Deliver again" not in html
    assert client.post(f"/work/{letter.pk}/replay/").status_code == 403
    sign_in(client, "erin")
    assert "Deliver again" in client.get("/work/").content.decode()
    assert client.post(f"/work/{letter.pk}/replay/").status_code == 302
    letter.refresh_from_db()
    assert (letter.state, letter.tries) == ("pending", 0)
