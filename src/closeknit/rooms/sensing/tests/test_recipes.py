"""Recipes in the page, the API and the command line: checked by line, tried on real rows, saved as versions."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.cast import sign_in

from closeknit.kernel.errors import Conflict, Denied, Invalid
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.save_recipe import save_recipe
from closeknit.rooms.sensing.contracts import RowFate
from closeknit.rooms.sensing.models import Batch, SampleRows, WorkRow
from closeknit.rooms.sensing.tests.small import AT, HEADER, RECIPE, call, load, write_calls
from closeknit.rooms.sensing.tests.test_doors import run

pytestmark = pytest.mark.django_db
WORDS = RECIPE.replace(
    "quantity: {from: calls, required: true}", 'quantity: {from: calls, required: true, words: {two: "2"}}'
)
BROKEN = RECIPE.replace("service: {value: phone}\n      occurred_at", "service: {value: phone}\n      ocurred_at")


@pytest.fixture
def loaded(tmp_path, alice):
    return load(write_calls(tmp_path, [call(1), call(2, calls="two"), call(3, calls="three")]), alice)


def calls(preview):
    return [part for part in preview.streams if part.stream == "calls"]


def test_a_recipe_that_cannot_be_read_says_its_line(alice, loaded):
    check = reads.check_recipe(BROKEN, by=alice)
    assert not check.is_valid
    assert BROKEN.splitlines()[check.line - 1].strip().startswith("ocurred_at")
    assert "occurred_at" in check.todo
    assert reads.preview_recipe(BROKEN, by=alice, at=AT).streams == ()
    assert reads.check_recipe("a: [", by=alice).line == 1


def test_a_preview_shows_real_rows_of_the_last_load_and_what_would_change(alice, loaded):
    first, waiting = calls(reads.preview_recipe(RECIPE, by=alice, at=AT))
    assert [(row.line, row.fate, row.code) for row in first.rows] == [
        (2, RowFate.ACCEPTED, ""),
        (3, RowFate.REFUSED, "not-a-number"),
        (4, RowFate.REFUSED, "not-a-number"),
    ]
    assert (first.accepted, first.refused, first.changed) == (1, 2, 0)
    assert first.rows[0].mapped["quantity"] == "1.0"
    assert waiting.source_name == "calls.csv (refused)"
    changed = calls(reads.preview_recipe(WORDS, by=alice, at=AT))[0]
    assert (changed.accepted, changed.changed) == (2, 1)
    assert changed.rows[1].before == "refused: not-a-number"
    assert WorkRow.objects.count() == 1


def test_private_columns_are_kept_in_no_sample(alice, loaded):
    sample = SampleRows.objects.get(stream="calls")
    phone = sample.columns.index("phone")
    assert all(values[phone] is None for _, values in sample.rows)
    assert "1234" not in json.dumps(sample.rows)


def test_a_sample_is_that_of_the_last_load(tmp_path, alice, loaded):
    load(write_calls(tmp_path, [call(9)], "calls9.csv"), alice)
    (sample,) = SampleRows.objects.filter(stream="calls")
    assert [line for line, _ in sample.rows] == [2]
    assert sample.source_name == "calls9.csv"


def test_a_missing_column_is_said_not_raised(alice, loaded):
    other = RECIPE.replace("occurred_at: at", "occurred_at: moment")
    assert "no column 'moment'" in calls(reads.preview_recipe(other, by=alice, at=AT))[0].trouble


def test_a_saved_recipe_is_a_version_and_older_loads_keep_theirs(tmp_path, alice, loaded):
    before = reads.get_feed("small", by=alice).recipe_version
    card = save_recipe("small", WORDS, seen_version=before, why="They write words.", by=alice, at=AT)
    assert card.recipe_version != before
    load(write_calls(tmp_path, [call(7, calls="two")], "calls7.csv"), alice, recipe=WORDS)
    versions = reads.list_recipe_versions("small", by=alice)
    assert {(v.version, v.batches, v.is_current) for v in versions} == {
        (before, 1, False),
        (card.recipe_version, 1, True),
    }
    assert reads.get_recipe_version("small", before, by=alice).text == RECIPE
    assert Batch.objects.earliest("pk").recipe_version == before
    assert LedgerEntry.objects.filter(kind="feed.changed").count() == 1


def test_saving_refuses_what_is_stale_unsaid_or_not_this_feed(alice, frank, loaded):
    seen = reads.get_feed("small", by=alice).recipe_version
    given = {"seen_version": seen, "why": "So.", "by": alice, "at": AT}
    for text, change, refusal in (
        (BROKEN, {}, Invalid),
        (RECIPE.replace("recipe: small", "recipe: other"), {}, Invalid),
        (WORDS, {"why": " "}, Invalid),
        (WORDS, {"seen_version": "old"}, Conflict),
        (WORDS, {"by": frank}, Denied),
    ):
        with pytest.raises(refusal):
            save_recipe("small", text, **(given | change))
    assert reads.get_feed("small", by=alice).recipe_version == seen


def test_the_page_checks_tries_and_saves(client, loaded):
    sign_in(client, "alice")
    page = client.get("/feeds/small/recipe/").content.decode()
    assert "can be read" in page
    assert "2 refused" in page
    answer = client.post("/feeds/small/recipe/try/", {"text": BROKEN}).content.decode()
    assert "Line" in answer
    assert "ocurred_at: at" in answer
    assert "<strong>Line" in answer
    sample = SimpleUploadedFile("calls-new.csv", (HEADER + call(5, calls="two")).encode())
    answer = client.post("/feeds/small/recipe/try/", {"text": WORDS, "sample": sample}).content.decode()
    assert "calls-new.csv" in answer
    assert "1 accepted" in answer
    seen = client.get("/api/v1/feeds/small").json()["recipe_version"]
    form = {"text": WORDS, "seen_version": seen, "why": "They write words."}
    assert client.post("/feeds/small/recipe/save/", form | {"why": ""}).status_code == 422
    assert client.post("/feeds/small/recipe/save/", form).status_code == 302
    assert client.post("/feeds/small/recipe/save/", form).status_code == 409
    old = client.get(f"/feeds/small/recipe/?version={seen}").content.decode()
    assert "words:" not in old.partition("</textarea>")[0]


def test_a_file_that_cannot_be_opened_is_said(client, loaded):
    sign_in(client, "alice")
    sample = SimpleUploadedFile("orders.csv", b"x")
    answer = client.post("/feeds/small/recipe/try/", {"text": RECIPE, "sample": sample})
    assert answer.status_code == 200
    assert b"takes no file here" in answer.content


def test_the_api_checks_tries_and_saves(client, loaded):
    sign_in(client, "alice")

    def post(path, **body):
        return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")

    assert post("/recipes/check", text=RECIPE).json()["streams"] == ["accounts", "calls"]
    rows = [{"id": "1", "at": "2026-02-01T10:00:00", "calls": "two"}]
    found = post("/recipes/preview", text=WORDS, stream="calls", rows=rows).json()
    assert [part["accepted"] for part in found["streams"] if part["stream"] == "calls"] == [1]
    assert post("/recipes/preview", text=WORDS, rows=rows).status_code == 422
    seen = client.get("/api/v1/feeds/small/recipe").json()["version"]
    saved = post("/feeds/small/recipe", text=WORDS, seen_version=seen, why="So.")
    assert saved.status_code == 201
    assert len(client.get("/api/v1/feeds/small/recipe/versions").json()) == 2


def test_the_command_line_checks_tries_and_saves(tmp_path, capsys, alice, loaded):
    file = tmp_path / "mine.yaml"
    file.write_text(WORDS)
    assert run(capsys, alice, "sensing", "check-recipe", str(file))["check"]["is_valid"]
    found = run(capsys, alice, "sensing", "try-recipe", str(file), str(tmp_path))["preview"]
    assert [part["accepted"] for part in found["streams"]] == [2, 0]
    seen = run(capsys, alice, "sensing", "recipe-versions", "small")["versions"][0]["version"]
    words = ("sensing", "save-recipe", "small", str(file), "--on", seen, "--why", "So.")
    assert run(capsys, alice, *words)["feed"]["recipe_version"] != seen
