"""A former number, a pair that may be one, and a disputed fact of an account, for tests of their entrances."""

from decimal import Decimal
from uuid import UUID

from tests.cast import enter

from closeknit.kernel import clock, ids
from closeknit.rooms.customers.actions.report_wrong_fact import report_wrong_fact
from closeknit.rooms.customers.models import Account, AccountMerge, Record, RecordLink, RecordMatch, RecordVersion
from closeknit.rooms.org.models import AccountPlace


def merge_of(kept_number: str, absorbed_number: str) -> UUID:
    """Make a number another name of an account, as an approved merge would."""
    kept, now = Account.objects.get(account_number=kept_number), clock.now()
    words = {"name": absorbed_number, "tier": "volume", "tier_reason": "So.", "source_feed": "tests"}
    Account.objects.create(account_number=absorbed_number, team=kept.team, merged_into=kept_number, **words)
    AccountPlace.objects.create(account_number=absorbed_number, team_id=kept.team_id, region=kept.region)
    return AccountMerge.objects.create(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        kept_number=kept_number,
        absorbed_number=absorbed_number,
        reason="One firm.",
        merged_at=now,
        merged_by_key="person:0",
        merged_by_name="Somebody",
    ).pk


def record_of(account_number: str, key: str, **fields: str) -> Record:
    """Make a record of the CRM, of an account or of nobody."""
    now = clock.now()
    record = Record.objects.create(system="crm", record_key=key, account_number=account_number, seen_at=now)
    RecordVersion.objects.create(record=record, fields=fields, observed_at=now, learned_at=now, feed="crm")
    if account_number:
        link = {"how": "match", "sentence": "Alike.", "thread_id": ids.new_id()}
        RecordLink.objects.create(record=record, account_number=account_number, from_at=now, **link)
    return record


def pair_of(account_number: str) -> tuple[UUID, int]:
    """Make a record of an account, one of nobody, and their pair; return the pair's id and the lone record's."""
    mine = record_of(account_number, "C1", name="Acme Works", email="office@acme.example")
    lone = record_of("", "C2", name="Acme Wroks")
    terms = [{"field": "name", "agreement": "nearly the same", "bits": "8.500"}]
    match = RecordMatch.objects.create(
        id=ids.new_id(),
        thread_id=ids.new_id(),
        first=mine,
        second=lone,
        rule="weights",
        terms=terms,
        total_bits=Decimal("8.500"),
        probability=0.997,
        model_version="usual/1",
        found_at=clock.now(),
    )
    return match.pk, lone.pk


def dispute_of(account_number: str, field: str = "street", **words: str) -> UUID:
    """Let Bob say that a fact of an account is wrong."""
    said = {"text": "They moved.", **words}
    return report_wrong_fact(account_number, field, **said, by=enter("bob"), at=clock.now())
