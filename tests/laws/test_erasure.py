"""A hundred canaries, planted wherever people write of an account: after its erasure no byte of ours holds one.

Looked through: every row of every table (bytes packed and unpacked), the outbox, every file of the ledger's folder, the
log, and every page, export and answer that an auditor can fetch. Every proof of the ledger holds before and after.
"""

import json
import logging
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from tests.cast import enter
from tests.laws.test_matrix import ROWS
from tests.small_company import ACCOUNTS, AT, SmallCompany, build, deliver_all, write_files

from closeknit.kernel import clock, ids
from closeknit.rooms.decisions.tests.sealing import check, seal
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.actions.erase_subject import erase_subject
from closeknit.rooms.privacy.contracts import ConsentState, RequestKind, account
from closeknit.web.tests.test_every_page import EXPORTS

pytestmark = pytest.mark.django_db(transaction=True)
ACME = account("ACME")
PLANTED = 100
_numbers = count(1)


class Canaries:
    """A hundred words that occur nowhere else, handed out in fives until there are none left."""

    def __init__(self) -> None:
        self.all = [f"Kanari{number:03d}x" for number in range(PLANTED)]
        self.left = list(self.all)

    def text(self, how_many: int = 5) -> str:
        taken, self.left = self.left[:how_many], self.left[how_many:]
        return "Said by " + " and ".join(taken) + "."


def plant(folder: Path, company: SmallCompany) -> Canaries:
    """Write canaries by every action that takes words about an account."""
    canaries = Canaries()
    for sow in (rename, insights, changes, proposals, exceptions, escalations, consents, refused_rows, failures, lines):
        sow(folder, canaries, company)
    assert len(canaries.left) == 0, f"{len(canaries.left)} canaries were not planted"
    return canaries


def rename(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    """The source says another name, and nine years of messages about it follow."""
    from closeknit.rooms.org.reads import system_actor
    from closeknit.rooms.outcomes.actions.refresh_board import refresh_board
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    place = folder / "again"
    place.mkdir()
    write_files(place)
    said = place / "accounts.csv"
    said.write_text(said.read_text().replace(ACCOUNTS[0][1], canaries.text(10)), encoding="utf-8")
    load_recipe(str(place / "recipe.yaml"), place, by=enter("alice"), at=AT)
    deliver_all()
    refresh_board(company.plan_id, thread_id=company.thread_id, by=system_actor(), at=AT)


def insights(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    from closeknit.rooms.customers.actions.withdraw_insight import withdraw_insight
    from closeknit.rooms.customers.tests.knowing import NOW, know

    bob = enter("bob")
    made = know(bob, text=canaries.text(), is_sensitive=True, sensitive_reason=canaries.text())
    withdraw_insight(made, reason=canaries.text(), by=bob, at=NOW)


def changes(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    from closeknit.rooms.demand.actions.withdraw_override import withdraw_override
    from closeknit.rooms.demand.tests.overriding import override

    made = override("bob", reason=canaries.text())
    withdraw_override(made, reason=canaries.text(), replan=False, by=enter("bob"), at=AT)


def proposals(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    from closeknit.rooms.customers.actions.propose_tier_change import propose_tier_change
    from closeknit.rooms.customers.contracts import Tier
    from closeknit.rooms.decisions.actions.decide_proposal import reject_proposal

    now = clock.now()
    made = propose_tier_change("ACME", Tier.KEY, reason=canaries.text(), by=enter("bob"), at=now)
    reject_proposal(made, reason=canaries.text(), by=enter("carol"), at=now)


def exceptions(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception

    today = clock.now().date()
    days = {"starts_on": today, "until_on": today + timedelta(days=9)}
    wanted = WantedException(
        deviates_from="term T-ACME", allowed=canaries.text(), reason=canaries.text(), account_number="ACME", **days
    )
    request_exception(wanted, by=enter("bob"), at=clock.now())


def escalations(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    from closeknit.rooms.decisions.actions.notify import notify_people
    from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
    from closeknit.rooms.org.reads import system_actor

    acts = {"by": system_actor(), "at": clock.now()}
    about = {"account_number": "ACME", "thread_id": ids.new_id()}
    raise_escalation(path="surge", cause="test", title=canaries.text(3), summary=canaries.text(2), **about, **acts)
    told = {"title": canaries.text(3), "body": canaries.text(2), "link": "/", "urgent": True}
    with transaction.atomic():
        notify_people(to=[enter("bob").key], cause="test", **told, **about, **acts)


def consents(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    from closeknit.rooms.privacy.actions.record_request import WantedRequest, close_request, record_request
    from closeknit.rooms.privacy.contracts import RequestState
    from closeknit.rooms.privacy.tests.saying import say

    now, erin = clock.now(), enter("erin")
    say("survey", ConsentState.DENIED, by=enter("bob"), at=now, note=canaries.text())
    asked = WantedRequest(RequestKind.ACCESS, ACME, now.date(), verified_by=canaries.text())
    made = record_request(asked, by=erin, at=now)
    close_request(made, state=RequestState.ANSWERED, outcome=canaries.text(), by=erin, at=now)


def refused_rows(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    """A row of ACME's that cannot be read waits in quarantine."""
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    place = folder / "refused"
    place.mkdir()
    write_files(place)
    with (place / "orders.csv").open("a", encoding="utf-8") as file:
        file.write(f"z,{canaries.text()},ACME,1,1\n")
    load_recipe(str(place / "recipe.yaml"), place, by=enter("alice"), at=AT)
    deliver_all()


def failures(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    """A step of ACME's broke, and says so."""
    from closeknit.kernel.models import Delivery, EventRow, JobFailure

    event = EventRow.objects.create(
        uid=ids.new_id(),
        name="TierChanged",
        thread_id=ids.new_id(),
        actor_key="system",
        body={"account_number": "ACME"},
    )
    Delivery.objects.create(event=event, listener="x:y", state="dead", tries=5, last_error=f"ACME: {canaries.text()}")
    JobFailure.objects.create(job_id=1, task="t", arguments={}, attempt=1, error=f"ACME: {canaries.text()}")


def lines(folder: Path, canaries: Canaries, company: SmallCompany) -> None:
    """The ledger itself, in every text of a line."""
    from closeknit.rooms.decisions.actions.record_entry import record_entry
    from closeknit.rooms.decisions.contracts import Entry

    while canaries.left:
        said = {"sentence": canaries.text(3), "evidence": {"text": canaries.text(2)}}
        with transaction.atomic():
            record_entry(
                Entry(thread_id=ids.new_id(), kind="test", subject="s", account_number="ACME", **said), by=enter("bob")
            )


def stored() -> Iterator[tuple[str, bytes]]:
    """Every table's rows, bytes as they are and unpacked, and the files beside the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname, coalesce((select array_agg(attname::text) from pg_attribute a where a.attrelid = c.oid"
            " and atttypid = 'bytea'::regtype and attnum > 0), '{}') from pg_class c"
            " where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
        )
        for table, packed in cursor.fetchall():
            cursor.execute(f"select coalesce(string_agg(t::text, chr(10)), '') from \"{table}\" t")
            yield table, cursor.fetchone()[0].encode()
            for column in packed:
                cursor.execute(f'select "{column}" from "{table}" where "{column}" is not null')
                for (value,) in cursor.fetchall():
                    yield f"{table}.{column}", bytes(value)
                    yield f"{table}.{column}", unpacked(bytes(value))
    for path in Path(settings.LEDGER_FOLDER).rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


def unpacked(value: bytes) -> bytes:
    try:
        return zlib.decompress(value, wbits=zlib.MAX_WBITS | 32)
    except zlib.error:
        return b""


NO_DATA = re.compile(r"staffing|verified|openapi|ledger/check|format=csv")
SAMPLE = (
    "/accounts/ACME/",
    "/insights/",
    "/exceptions/",
    "/privacy/consents/",
    "/board/?format=csv",
    "/api/v1/proposals",
)


def all_addresses() -> list[str]:
    """Every page, tile and answer of the table of routes that needs no id but ACME's, and exports."""
    asked = {row.address.replace("{account_number}", "ACME") for row in ROWS if row.method == "GET"}
    plain = sorted(address for address in asked if "{" not in address and not NO_DATA.search(address))
    return [*plain, *(f"{address}?format=csv" for address in EXPORTS if "{" not in address)]


def shown(addresses: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """What Frank fetches at these addresses."""
    client = Client()
    client.force_login(_user("frank"))
    for address in addresses:
        answer: Any = client.get(address)
        yield address, b"".join(answer.streaming_content) if answer.streaming else answer.content


def _user(name: str) -> Any:
    from django.contrib.auth import get_user_model

    enter(name)
    return get_user_model().objects.get(username=name)


def met(canaries: Canaries, found: Iterator[tuple[str, bytes]]) -> dict[str, set[str]]:
    """Which canaries are where."""
    hits: dict[str, set[str]] = {}
    for place, body in found:
        if b"Kanari" in body:
            hits.setdefault(place, set()).update(word for word in canaries.all if word.encode() in body)
    return hits


def test_after_an_erasure_no_canary_is_left_and_every_proof_holds(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    company = build(tmp_path)
    canaries = plant(tmp_path, company)
    seal()
    before, pages_before = met(canaries, stored()), met(canaries, shown(SAMPLE))
    # Red twin: the search finds them where they were planted. Those of the ledger's own lines are under their key.
    assert len(set().union(*before.values())) >= PLANTED - 35, sorted(before)
    assert len(before) >= 12, sorted(before)
    assert len(pages_before) >= 4, sorted(pages_before)
    verdict = check()

    done = erase_subject(ACME, reason="Asked for.", by=enter("erin"), at=clock.now())
    assert met(canaries, stored()) == {}
    assert met(canaries, shown([*SAMPLE, *all_addresses()])) == {}
    assert "Kanari" not in caplog.text
    seal()
    assert check().findings == verdict.findings == ()
    assert check().entries > verdict.entries

    assert done.lines > 0
    assert {(gone.table, gone.column) for gone in done.fields} >= {
        ("customers_account", "name"),
        ("customers_insight", "text"),
        ("sensing_quarantined", "raw"),
        ("kernel_delivery", "last_error"),
        ("decisions_notice", "body"),
    }
    assert {kept.data_class for kept in done.kept} == {"accounting", "consents"}
    journal = (Path(settings.LEDGER_FOLDER) / "erasures.jsonl").read_text()
    assert json.loads(journal)["pseudonym"] == done.pseudonym
    assert "ACME" not in journal
    assert reads.list_erasures(by=enter("erin"))[0] == done
