"""Adherence: each promise counted once, by the version of its time, with credits, bounds and proofs."""

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader
from tests.cast import enter, sign_in

from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.issue_evidence import issue_evidence
from closeknit.rooms.agreements.actions.record_work_event import WantedWorkEvent, record_work_event
from closeknit.rooms.agreements.actions.warn_of_clocks import note_breaches
from closeknit.rooms.agreements.compute.adherence import month_of, months_between, share_interval, verdict_of
from closeknit.rooms.agreements.contracts import AdherenceVerdict, Clock, WorkEventKind
from closeknit.rooms.agreements.tests.deals import CLAUSE, TODAY, signed, wanted
from closeknit.rooms.agreements.tests.repairs import load_repairs
from closeknit.rooms.agreements.tests.test_work_clocks import DAY, at, move_back
from closeknit.rooms.decisions.actions.seal_ledger import seal_ledger
from closeknit.rooms.decisions.reads import list_entries
from closeknit.rooms.org.reads import system_actor

ROOT = Path(__file__).resolve().parents[5]
NOW = datetime(2025, 9, 1, tzinfo=UTC)
JUNE = {"from_on": date(2025, 6, 1), "until_on": date(2025, 7, 1)}


@pytest.fixture
def repairs(tmp_path, accounts, alice):
    """June at ACME under four hours by the clock: two in time, one late, one open and late; R5 is July's, R6 BOLT's."""
    signed(wanted(clauses=(replace(CLAUSE, clock=Clock.CALENDAR),)))
    move_back(TODAY + timedelta(days=7 + 30))
    load_repairs(
        tmp_path,
        alice,
        "R1,2025-06-03T10:00:00,ACME,P2,2025-06-03T12:00:00",
        "R2,2025-06-03T10:00:00,ACME,P2,2025-06-03T14:00:00",
        "R3,2025-06-03T10:00:00,ACME,P2,2025-06-03T14:01:00",
        "R4,2025-06-30T10:00:00,ACME,P2,",
        "R5,2025-07-01T10:00:00,ACME,P2,2025-07-01T11:00:00",
        "R6,2025-06-03T10:00:00,BOLT,P2,2025-06-03T12:00:00",
    )


def june(by, **other):
    return reads.get_adherence("ACME", **{**JUNE, **other}, by=by, at=NOW)


def test_each_promise_counts_once_where_it_was_settled(repairs, alice):
    found = june(alice)
    assert [(clock.work_key, clock.is_kept) for clock in found.clocks] == [
        ("R1", True),
        ("R2", True),
        ("R3", False),
        ("R4", False),
    ]
    assert found.clocks[2].settled_at == at(14)
    july = june(alice, from_on=date(2025, 7, 1), until_on=date(2025, 8, 1))
    assert [clock.work_key for clock in july.clocks] == ["R5"]
    whole = june(alice, until_on=date(2025, 8, 1))
    assert len(whole.clocks) == len(found.clocks) + len(july.clocks)


def test_an_obligation_says_its_version_rate_bounds_credits_and_penalty(repairs, alice):
    each = next(o for o in june(alice).obligations if o.term_number == "N-1")
    assert (each.contract_number, each.contract_version) == ("K-1", 1)
    assert (each.settled, each.kept, each.missed) == (4, 2, 2)
    assert each.kept_share == 0.5
    assert each.low_share < 0.5 < each.high_share
    assert each.verdict is AdherenceVerdict.NOT_KEPT
    assert each.credits == Decimal("80.00")
    # 45 points below at 500 each, up to the cap.
    assert each.penalties == Decimal("5000.00")
    assert each.pause_reasons == ("no access", "waiting for customer")


def test_no_penalty_before_a_month_is_whole_and_over(repairs, alice):
    part = june(alice, until_on=date(2025, 6, 20))
    each = next(o for o in part.obligations if o.term_number == "N-1")
    assert [(month.is_whole, month.penalty) for month in each.months] == [(False, None)]
    assert each.penalties is None
    running = reads.get_adherence("ACME", **JUNE, by=alice, at=at(20))
    assert not next(o for o in running.obligations if o.term_number == "N-1").months[0].is_whole


def test_the_version_of_its_time_counts_and_a_later_one_changes_nothing_before(repairs, tmp_path, alice):
    before = next(o for o in june(alice).obligations if o.term_number == "N-1")
    signed(wanted(starts_on=TODAY + timedelta(days=9), clauses=(replace(CLAUSE, within_minutes=60.0),)))
    after = next(o for o in june(alice).obligations if o.term_number == "N-1")
    assert (after.settled, after.kept, after.credits) == (before.settled, before.kept, before.credits)


def test_holds_are_told_with_their_reasons_and_whether_they_paused(repairs, alice):
    for hour, kind, reason in ((11, "held", "no access"), (11.5, "resumed", ""), (12, "held", "lunch")):
        record_work_event(
            WantedWorkEvent("repair", "R3", WorkEventKind(kind), at(hour), reason=reason), by=alice, at=at(23)
        )
    clock = next(clock for clock in june(alice).clocks if clock.work_key == "R3")
    assert [(hold.reason, hold.is_pause) for hold in clock.holds] == [("no access", True), ("lunch", False)]
    assert clock.is_kept
    assert clock.held_minutes == 30.0


def test_a_breach_that_was_watched_is_noted_and_one_that_was_not_is_found(repairs, alice):
    note_breaches(by=system_actor(), at=datetime(2025, 6, 30, 13, tzinfo=UTC))
    assert {clock.work_key: clock.is_noted for clock in june(alice).missed} == {"R3": False, "R4": True}


def test_the_period_is_refused_where_it_makes_no_sense(repairs, alice):
    for other in (
        {"until_on": date(2025, 6, 1)},
        {"until_on": date(2027, 6, 1)},
        {"from_on": date(2030, 6, 1), "until_on": date(2030, 7, 1)},
        {"from_on": date(1, 1, 1), "until_on": date(1, 2, 1)},
    ):
        with pytest.raises(Invalid):
            june(alice, **other)


def test_only_who_reads_what_is_internal_and_decided_of_the_account_gets_it(repairs, alice, bob):
    assert june(bob).clocks == june(alice).clocks
    with pytest.raises(NotFound):
        reads.get_adherence("BOLT", **JUNE, by=bob, at=NOW)
    for name in ("gina", "dave"):
        with pytest.raises(Denied):
            june(enter(name))
        with pytest.raises(Denied):
            issue_evidence("ACME", **JUNE, by=enter(name), at=NOW)


def test_the_ledgers_lines_of_the_contract_come_with_it(repairs, alice):
    kinds = {line.kind for line in june(alice).lines}
    assert {"contract.drafted", "renegotiation.proposed", "renegotiation.approved", "contract.signed"} <= kinds


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.django_db(transaction=True)
def test_a_pack_is_proven_by_the_verifier_and_its_digest_stands_in_the_ledger(repairs, alice, tmp_path):
    seal_ledger(by=system_actor())
    made = issue_evidence("ACME", **JUNE, by=alice, at=NOW)
    files = files_of(made.content)
    assert made.unsealed == 0
    receipts = [name for name in files if name.startswith("receipts/")]
    assert len(receipts) == made.receipts >= 4
    key = files["public_key.txt"].decode().strip()
    for name in receipts:
        path = tmp_path / Path(name).name
        path.write_bytes(files[name])
        assert verify(path, key) == 0
    bent = json.loads(files[receipts[0]])
    (name, (text, opening)), *_ = [(n, t) for n, t in bent["texts"].items() if t]
    bent["texts"][name] = [text.replace("a", "b", 1), opening]
    path.write_text(json.dumps(bent))
    assert verify(path, key) == 1
    line = list_entries(by=alice, account_number="ACME", kind="evidence.issued")[0]
    assert line.entry_id == made.entry_id
    assert line.evidence["sha256"] == made.digest
    assert made.digest in files["README.txt"].decode()
    assert f"{made.digest}  adherence.json" in files["SHA256SUMS"].decode()
    assert json.loads(files["adherence.json"])["obligations"]
    assert files["clocks.csv"].decode("utf-8-sig").count("\r\n") == 5


def verify(path: Path, key: str) -> int:
    command = [sys.executable, ROOT / "tools/verify_ledger.py", "receipt", str(path), "--public-key", key]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_the_page_says_it_and_gives_the_pack(repairs, client):
    sign_in(client, "alice")
    html = client.get("/accounts/ACME/adherence/?from_on=2025-06-01&until_on=2025-07-01").content.decode()
    assert "95% resolved within 4 hours" in html
    assert "€80.00" in html
    assert "R3" in html
    assert client.get("/accounts/ACME/adherence/?from_on=x&until_on=2025-07-01").status_code == 422
    assert client.get("/accounts/ACME/adherence/?from_on=2025-08-01&until_on=2025-07-01").status_code == 422
    got = client.post("/accounts/ACME/adherence/pack/", {"from_on": "2025-06-01", "until_on": "2025-07-01"})
    assert "adherence.json" in files_of(got.content)
    rows = client.get("/accounts/ACME/adherence/?from_on=2025-06-01&until_on=2025-07-01&format=csv")
    assert b"".join(rows.streaming_content).count(b"\r\n") == 5


def test_the_paper_says_the_same_and_turns_its_pages(repairs, client):
    sign_in(client, "alice")
    got = client.get("/accounts/ACME/adherence/?from_on=2025-06-01&until_on=2025-07-01&format=pdf")
    assert got["Content-Type"] == "application/pdf"
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(got.content)).pages)
    assert "95% resolved within 4 hours" in " ".join(text.split())
    assert "not kept" in text


def test_wilsons_interval_is_that_of_the_books():
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for kept, settled, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        found = share_interval(kept, settled)
        assert (round(found.low_share, 4), round(found.high_share, 4)) == (low, high)
    assert share_interval(20, 20).high_share == 1.0
    assert share_interval(0, 0) is None


def test_nine_of_ten_is_ninety_percent():
    assert verdict_of(9, 10, 0.9) is AdherenceVerdict.KEPT
    assert verdict_of(8, 10, 0.9) is AdherenceVerdict.NOT_KEPT
    assert verdict_of(0, 0, 0.9) is AdherenceVerdict.NOTHING_DUE


def test_a_penalty_is_points_below_in_proportion_up_to_its_cap():
    given = {"is_whole": True, "target_share": 0.95, "penalty_per_point": Decimal("100"), "penalty_cap": Decimal("999")}
    month = date(2025, 6, 1)
    assert month_of(month, [True] * 19 + [False], **given).penalty == Decimal("0.00")
    assert month_of(month, [True] * 37 + [False] * 3, **given).penalty == Decimal("250.00")
    assert month_of(month, [False] * 3, **given).penalty == Decimal("999.00")
    assert month_of(month, [], **given).penalty == Decimal("0.00")
    assert months_between(date(2025, 11, 30), date(2026, 1, 2)) == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
    ]


def test_a_period_begins_with_the_accounts_day(repairs, alice):
    # Berlin's July begins at ten in the evening of June 30, UTC.
    assert june(alice).time_zone == "Europe/Berlin"
    assert june(alice, from_on=DAY.date() + timedelta(days=1)).clocks[0].work_key == "R4"
