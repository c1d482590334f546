"""A file on the page of its feed: looked at first, then loaded, with the balance of what it brought."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.cast import sign_in
from tests.small_company import write_files

from closeknit.kernel import clock
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.models import Batch, WorkRow

pytestmark = pytest.mark.django_db
PAGE = "/feeds/small-company/upload/"


@pytest.fixture
def folder(tmp_path, alice):
    recipe = write_files(tmp_path)
    register_feed(recipe.read_text(), place="recipe.yaml", by=alice, at=clock.now())
    return tmp_path


def sent(folder, name):
    return {"file": SimpleUploadedFile(name, (folder / name).read_bytes())}


def test_looking_stores_nothing_and_loading_shows_the_balance(client, folder, alice):
    sign_in(client, "alice")
    assert "accounts.csv" in client.get(PAGE).content.decode()
    looked = client.post(PAGE + "try/", sent(folder, "accounts.csv"))
    assert looked.status_code == 200
    assert "Acme Works" in looked.content.decode()
    assert not Batch.objects.exists()
    loaded = client.post(PAGE + "load/", sent(folder, "accounts.csv"), follow=True)
    (batch,) = reads.list_batches(by=alice, feed="small-company", limit=5)
    counts = batch.counts
    assert (counts.read, counts.accepted) == (3, 3)
    page = loaded.content.decode()
    assert "accounts.csv is in" in page
    assert "3 read = 3 accepted + 0 quarantined + 0 duplicate." in page
    client.post(PAGE + "load/", sent(folder, "orders.csv"))
    assert WorkRow.objects.exists()
    page = client.get(f"{PAGE}?batch={reads.list_batches(by=alice, feed='small-company', limit=1)[0].batch_id}")
    assert "What waits in quarantine" in page.content.decode()
    again = client.post(PAGE + "load/", sent(folder, "accounts.csv"), follow=True)
    assert "3 read = 0 accepted + 0 quarantined + 3 duplicate." in again.content.decode()


def test_what_cannot_be_taken_is_said_and_nothing_is_stored(client, folder):
    sign_in(client, "alice")
    for part in ("try/", "load/"):
        assert "Choose one." in client.post(PAGE + part).content.decode()
        wrong = client.post(PAGE + part, {"file": SimpleUploadedFile("ghost.csv", b"a,b\n1,2\n")})
        assert 400 <= wrong.status_code < 500
        assert "Nothing was stored." in wrong.content.decode()
        nasty = client.post(PAGE + part, {"file": SimpleUploadedFile("accounts.csv", b"\x00\xff\xfe")})
        assert 400 <= nasty.status_code < 500
    assert not Batch.objects.filter(state="done").exists()


def test_too_large_a_file_is_refused_before_it_is_read(client, folder, monkeypatch):
    monkeypatch.setattr("closeknit.rooms.sensing.pages.uploads.MEGABYTE", 1)
    sign_in(client, "alice")
    assert "larger than 64 MiB" in client.post(PAGE + "load/", sent(folder, "accounts.csv")).content.decode()


@pytest.mark.parametrize("name", ["carol", "frank", "bob", "gina"])
def test_only_who_loads_data_is_shown_the_page(folder, accounts, name):
    client = Client()
    sign_in(client, name)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE + "load/", sent(folder, "accounts.csv")).status_code == 403
    assert "Load a file" not in client.get("/feeds/small-company/").content.decode()
