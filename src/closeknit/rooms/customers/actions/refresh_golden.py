"""Let an account's own row repeat what the golden view says, where other rooms read it."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor, Place
from closeknit.kernel.events import publish
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.compute.golden import golden_sources
from closeknit.rooms.customers.contracts import PROJECTED_FIELDS, AccountCorrected, RecordStatement
from closeknit.rooms.customers.models import Account
from closeknit.rooms.customers.reads.records import IN_FORCE
from closeknit.rooms.org.actions.place_accounts import place_accounts
from closeknit.rooms.org.contracts import Permission

CHUNK = 2000


def refresh_golden(account_numbers: Iterable[str], *, thread_id: UUID, by: Actor) -> list[str]:
    """Set name, region, time zone and jurisdiction of accounts to what counts; return the numbers of what changed.

    Each change is published: what stands on it is old. Runs in the caller's transaction.
    """
    by.require(Permission.LOAD_DATA)
    wanted = sorted(set(account_numbers))
    changed: list[tuple[Account, list[str]]] = []
    rules = reads.get_survivorship(by=by, at=IN_FORCE)
    with transaction.atomic():
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            statements = reads.statements_of(part, by=by, at=IN_FORCE)
            rows = Account.objects.select_for_update().filter(account_number__in=part).order_by("pk")
            for account in rows:
                sources = golden_sources(statements[account.account_number], rules)
                moved = _project(account, sources)
                if moved is not None:
                    changed.append((account, moved))
        _write(changed, thread_id, by)
    return [account.account_number for account, moved in changed if moved]


def _project(account: Account, sources: dict[str, RecordStatement]) -> list[str] | None:
    """Set the account's fields by what counts; return which moved, or None where nothing is to be written."""
    chosen = [name for name in PROJECTED_FIELDS if name in sources and not _is_feeds_own(account, sources[name])]
    moved = []
    for name in PROJECTED_FIELDS:
        value = sources[name].fields.get(name, "") if name in sources else ""
        if value and getattr(account, name) != value:
            setattr(account, name, value)
            moved.append(name)
    if not moved and account.golden_fields == chosen:
        return None
    account.golden_fields = chosen
    return moved


def _is_feeds_own(account: Account, source: RecordStatement) -> bool:
    return source.is_own and source.system == account.source_feed and source.record_key == account.account_number


def _write(changed: list[tuple[Account, list[str]]], thread_id: UUID, by: Actor) -> None:
    accounts = [account for account, _ in changed]
    Account.objects.bulk_update(accounts, [*PROJECTED_FIELDS, "golden_fields"], batch_size=CHUNK)
    moved = [account for account, fields in changed if "region" in fields and not account.merged_into]
    place_accounts((Place(a.account_number, a.team_id, a.region) for a in moved), by=by)
    for account, fields in changed:
        for name in fields:
            publish(AccountCorrected(thread_id, account.account_number, name), by=by)
