"""Anonymised copies: k and l as known, behaviour kept, nobody in it; each measure is seen to fail without its guard."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from tests.cast import open_account, sign_in

from closeknit.kernel import declared
from closeknit.kernel.errors import Conflict, Denied, Invalid
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.privacy.actions.make_copy import draw_copy, make_copy
from closeknit.rooms.privacy.compute.anonymity import anonymity_of, ks_distance, nearest_distances
from closeknit.rooms.privacy.compute.copy_report import distances_of, near_shares
from closeknit.rooms.privacy.compute.copying import MINUTES_A_WEEK, MONDAY, copy_work, generalise, pseudonym
from closeknit.rooms.privacy.contracts import account
from closeknit.rooms.privacy.contracts.copies import CopyAccount, CopySource, CopyWork
from closeknit.rooms.privacy.tests.saying import NOW, say
from closeknit.web import boot, cli

KNOWN = Path(__file__).resolve().parents[6] / "shared" / "known_answers" / "customer.json"
ACCOUNTS, WEEKS = 120, 52


def company(seed: int = 7, accounts: int = ACCOUNTS) -> CopySource:
    """A company whose accounts have sizes, rhythms, weekdays and a season of their own."""
    rng = np.random.default_rng(seed)
    cards, rows = [], []
    for number in range(accounts):
        tier = ("key", "standard", "volume")[int(rng.choice(3, p=[0.2, 0.3, 0.5]))]
        name = f"Kanari Works {number:04d}"
        region = ("north", "south", "islands")[int(rng.choice(3, p=[0.5, 0.49, 0.01]))]
        cards.append(CopyAccount(f"ZX{number:05d}", name, tier, region, "DE", "Heronry"))
        rate = {"key": 9.0, "standard": 4.0, "volume": 1.2}[tier] * rng.uniform(0.7, 1.4)
        for week in range(WEEKS):
            season = 1 + 0.5 * np.sin(2 * np.pi * week / WEEKS)
            for _ in range(rng.poisson(rate * season)):
                day, hour = rng.choice(5, p=[0.3, 0.2, 0.2, 0.2, 0.1]), int(np.clip(rng.normal(11, 2), 6, 18))
                minute = MONDAY + week * MINUTES_A_WEEK + int(day) * 1440 + hour * 60 + int(rng.integers(60))
                rows.append((number, minute, 0, int(rng.integers(2)), float(rng.integers(1, 20)), rng.uniform(5, 900)))
    columns = list(zip(*rows, strict=True))
    whole = [np.array(column, dtype=np.int64) for column in columns[:4]]
    sizes = [np.array(column, dtype=np.float64) for column in columns[4:]]
    work = CopyWork(*whole, *sizes, services=("picking",), regions=("north", "south"), currency="EUR")
    return CopySource("warehouse", "Europe/Berlin", cards, work)


@pytest.fixture
def source(monkeypatch) -> CopySource:
    made = company()
    given = {**declared._declared, "copy source": {"gather": lambda operation, by: made}}
    monkeypatch.setattr(declared, "_declared", given)
    return made


def test_the_known_answer_of_k_and_l():
    if not KNOWN.exists():
        pytest.skip("the known answers are not on this machine")
    (case,) = [case for case in json.loads(KNOWN.read_text())["cases"] if case["id"] == "priv-01-kanon"]
    rows = case["input"]["rows"]
    found = anonymity_of([tuple(row[:3]) for row in rows], [row[3] for row in rows])
    assert {"k": found.k, "l": found.l} == case["expected"]


def test_too_few_alike_are_generalised_and_then_left_out():
    def cards(*words: str) -> list[CopyAccount]:
        return [CopyAccount(str(i), "", *word.split(), "DE", "") for i, word in enumerate(words)]

    assert generalise(cards(*["key north"] * 5, *["key south"] * 2, *["key west"] * 3)) == [
        *[("key", "north")] * 5,
        *[("key", "other")] * 5,
    ]
    merged = generalise(cards(*["strategic north"] * 2, *["key north"] * 6))
    assert merged == [("key", "north")] * 8
    assert generalise(cards(*["key north"] * 4)) == [None] * 4


def test_a_copy_keeps_behaviour_shows_nobody_and_is_on_record(source, db, tmp_path, erin):
    report = make_copy("warehouse", tmp_path / "copy", seed=1, by=erin, at=NOW)
    assert report.is_private
    assert report.keeps_behaviour
    assert report.k >= 5
    assert report.near_share <= 0.1
    assert report.seasonality_correlation > 0.9
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {
        "accounts.csv",
        "work.csv",
        "recipe.yaml",
        "report.json",
    }
    everything = b"".join(path.read_bytes() for path in (tmp_path / "copy").iterdir())
    for word in ("Kanari", "ZX0", "Heronry", "islands"):
        assert word.encode() not in everything
    (line,) = [line for line in decisions.list_entries(by=erin) if line.kind == "copy.made"]
    assert line.evidence["sha256"] == report.sha256
    again = make_copy("warehouse", tmp_path / "again", seed=1, by=erin, at=NOW)
    assert again.sha256 != report.sha256, "pseudonyms of two copies are the same"


def test_red_twin_real_events_under_new_names_lie_too_near(source):
    assert near_shares(source.work, source.work, np.random.default_rng(1))[0] > 0.4
    copied = copy_work(source, generalise(source.accounts), np.random.default_rng(1))
    assert near_shares(source.work, copied, np.random.default_rng(1))[0] <= 0.1


def test_red_twin_events_at_any_time_do_not_behave_alike(source):
    rng = np.random.default_rng(1)
    minute = rng.integers(source.work.minute.min(), source.work.minute.max(), source.work.minute.size)
    held = {each.feature: each.held for each in distances_of(source.work, replace(source.work, minute=minute))}
    assert not held["hour of the day"]
    assert not held["day of the week"]


def test_a_copy_by_page_api_and_command(source, db, tmp_path, erin, capsys, monkeypatch):
    monkeypatch.setattr(boot, "prepare", lambda **_: None)
    client = Client()
    sign_in(client, "erin")
    answer = client.post("/privacy/copies/draw/", {"operation": "warehouse"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {"accounts.csv", "work.csv", "recipe.yaml", "report.json"}
        assert json.loads(archive.read("report.json"))["is_private"]
    body = json.dumps({"operation": "warehouse", "seed": 3})
    said = client.post("/api/v1/privacy/copies", body, content_type="application/json").json()
    assert said["report"]["k"] >= 5
    assert said["files"]["accounts.csv"].startswith("account,tier,region\nC-")
    words = ["privacy", "copy", "warehouse", "--to", str(tmp_path / "copy"), "--json", "--as", "erin"]
    assert cli.main(words) == 0
    assert json.loads(capsys.readouterr().out)["report"]["keeps_behaviour"]
    assert (tmp_path / "copy" / "work.csv").exists()


def test_who_refuses_is_in_no_copy(source, db, tmp_path, erin):
    open_account("ZX00003", "key", "Heronry")
    say("test-copy", by=erin, subject=account("ZX00003"))
    report = draw_copy("warehouse", seed=1, by=erin, at=NOW).report
    assert report.accounts == ACCOUNTS - report.left_out
    assert report.left_out >= 1


def test_refusals(source, db, tmp_path, erin, alice):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(Invalid, match="holds something"):
        make_copy("warehouse", tmp_path / "full", by=erin, at=NOW)
    with pytest.raises(Denied):
        make_copy("warehouse", tmp_path / "copy", by=alice, at=NOW)


def test_a_company_too_small_to_hide_in_is_not_copied(db, tmp_path, erin, monkeypatch):
    small = company(accounts=4)
    monkeypatch.setattr(
        declared, "_declared", {**declared._declared, "copy source": {"gather": lambda operation, by: small}}
    )
    with pytest.raises(Conflict, match="show somebody"):
        make_copy("warehouse", tmp_path / "copy", by=erin, at=NOW)
    assert not (tmp_path / "copy").exists()


def test_measures():
    assert ks_distance(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])) == 0.5
    near = nearest_distances(np.array([[0.0, 0], [3, 4]]), np.array([[0.0, 0], [0, 0]]))
    assert near.tolist() == [0.0, 5.0]
    assert pseudonym(b"k", "ACME") != pseudonym(b"l", "ACME")
