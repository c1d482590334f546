"""Change how long a class of data is kept in a jurisdiction: a new version of its rule, with the law and the reason."""

from datetime import datetime

from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.contracts.keeping import RetentionRule
from closeknit.rooms.privacy.models import RetentionVersion
from closeknit.rooms.privacy.reads.keeping import rules_in_force


def adopt_retention(rule: RetentionRule, *, reason: str, by: Actor, at: datetime) -> RetentionRule:
    """Put a rule of keeping in force and return it with its version.

    Raises:
        Invalid: without a law or reason, or an end before the floor.
    """
    by.require(Permission.MANAGE_PRIVACY)
    where = rule.jurisdiction.strip().upper()
    for name, said in (("reason", reason), ("law", rule.law), ("jurisdiction", where)):
        if not said.strip():
            raise Invalid("A rule of keeping needs this.", where=name, todo="Say it in a sentence.")
    if rule.least_days < 0 or (rule.most_days is not None and rule.most_days < rule.least_days):
        raise Invalid("It would have to go before it may.", where="most_days", todo="Let the end follow the floor.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("lock table privacy_retention_version in share row exclusive mode")
        same = [r for r in rules_in_force() if (r.data_class, r.jurisdiction) == (rule.data_class, where)]
        row = RetentionVersion.objects.create(
            data_class=rule.data_class.value,
            jurisdiction=where[:40],
            version=same[0].version + 1 if same else 1,
            least_days=rule.least_days,
            most_days=rule.most_days,
            law=rule.law.strip()[:400],
            adopted_at=at,
            adopted_by_key=by.key,
            adopted_by_name=by.name,
            reason=reason.strip(),
        )
        record_entry(_entry(row), by=by)
    return next(r for r in rules_in_force() if (r.data_class, r.jurisdiction) == (rule.data_class, where))


def _entry(row: RetentionVersion) -> Entry:
    end = f"at most {row.most_days}" if row.most_days is not None else "no end"
    return Entry(
        thread_id=ids.new_id(),
        kind="retention.adopted",
        subject=f"retention:{row.data_class}:{row.jurisdiction}",
        sentence=f"{{actor}} set how long {row.data_class} is kept in {row.jurisdiction}: at least "
        f"{row.least_days} days, {end} ({row.law}). {row.reason}",
        evidence={
            "data_class": row.data_class,
            "jurisdiction": row.jurisdiction,
            "version": row.version,
            "least_days": row.least_days,
            "most_days": row.most_days,
            "law": row.law,
        },
    )
