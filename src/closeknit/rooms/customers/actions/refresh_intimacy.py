"""Keep how well every account is known, once a week, and put other criteria in force."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.compute.intimacy import kept_domains, read_criteria, shipped_criteria
from closeknit.rooms.customers.models import IntimacyCriteriaRow, IntimacyRowKept
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

ACCOUNTS_AT_ONCE = 2000


def refresh_intimacy(*, by: Actor, at: datetime) -> int:
    """Keep as of today how well each account is known; return how many. A second time on one day changes nothing.

    Raises:
        Denied: without the right to run plans over every account.
    """
    by.require(Permission.RUN_PLAN)
    on = at.date()
    if IntimacyRowKept.objects.filter(as_of_on=on).exists():
        return 0
    numbers = [key.account_number for key in reads.list_account_keys(by=by)]
    criteria = reads.get_intimacy_criteria(by=by, at=at)
    rows = []
    for start in range(0, len(numbers), ACCOUNTS_AT_ONCE):
        for card in reads.intimacy_of(numbers[start : start + ACCOUNTS_AT_ONCE], by=by, at=at):
            rows.append(
                IntimacyRowKept(
                    account_number=card.account_number,
                    as_of_on=on,
                    criteria_version=card.criteria_version,
                    points=card.points,
                    domains=kept_domains(card),
                )
            )
    if not rows:
        return 0
    with transaction.atomic():
        IntimacyRowKept.objects.bulk_create(rows, batch_size=ACCOUNTS_AT_ONCE, ignore_conflicts=True)
        record_entry(
            Entry(
                thread_id=ids.new_id(),
                kind="intimacy.refreshed",
                subject=f"intimacy:{on.isoformat()}",
                sentence=f"How well {len(rows):,} accounts are known was kept as of {on.isoformat()}.",
                evidence={"as_of": on.isoformat(), "criteria": criteria.version, "accounts": len(rows)},
            ),
            by=by,
        )
    return len(rows)


def adopt_intimacy_criteria(text: str, *, reason: str, by: Actor, at: datetime) -> UUID:
    """Put other criteria in force from now on; return the thread on which that stands.

    Raises:
        Invalid: when the criteria do not add up or name what there is not, or no reason is given.
        Conflict: when their version was used before.
    """
    by.require(Permission.MANAGE_SETTINGS)
    why = " ".join(reason.split())
    if not why:
        raise Invalid("New criteria need a reason.", where="reason", todo="Say why, in a sentence.")
    criteria = read_criteria(text)
    before = reads.get_intimacy_criteria(by=by, at=at)
    taken = Conflict(
        f"There is a version {criteria.version} already.",
        where="version",
        kept="The criteria in force stay in force.",
        todo="Give the changed criteria a version of their own.",
    )
    if criteria.version in (before.version, read_criteria(shipped_criteria()).version):
        raise taken
    thread_id = ids.new_id()
    try:
        with transaction.atomic():
            IntimacyCriteriaRow.objects.create(
                version=criteria.version, text=text, adopted_by=by.name, adopted_at=at, reason=why, thread_id=thread_id
            )
            record_entry(
                Entry(
                    thread_id=thread_id,
                    kind="intimacy.criteria_adopted",
                    subject=f"intimacy-criteria:{criteria.version}",
                    sentence=f"{by.name} put the criteria {criteria.version} in force: {why[:300]}",
                    evidence={"version": criteria.version, "before": before.version, "text": text},
                ),
                by=by,
            )
    except IntegrityError:
        raise taken from None
    return thread_id
