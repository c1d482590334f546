"""Destroy the key of what the ledger says about an account, or of a person's name: the lines stay, and go dark."""

from typing import Any

from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, Erasure
from closeknit.rooms.decisions.reads.keys import list_unopened
from closeknit.rooms.org.contracts import Permission

ABOUT = {"account": "an account", "person": "a person's name", "lost": "what the lost text key had closed"}
FORGET = """
    update decisions_subject_key
       set wrapped = null, account_number = null, person_key = null, erased_at = transaction_timestamp()
     where id = any(%s)
"""
COUNT = """
    select count(*), count(*) filter (where k.wrapped is null)
      from decisions_ledger_entry e join decisions_subject_key k on k.id in (e.text_key_id, e.name_key_id)
     where k.id = any(%s)
"""


def erase_subject(*, account_number: str = "", person_key: str = "", reason: str, by: Actor) -> Erasure:
    """Make unreadable what the ledger says about an account, or the name of a person who acted.

    Proofs go on holding. Who writes about the subject later gets a new key. The reason stands in the ledger for good:
    keep personal data out of it.

    Raises:
        Invalid: without a reason, or unless exactly one subject is named.
        NotFound: when the ledger has no key of this subject.
    """
    by.require(Permission.MANAGE_LEDGER)
    if bool(account_number) == bool(person_key):
        raise Invalid("Name one account, or one person by key.", where="subject", todo="For example --account ACME.")
    _require_reason(reason)
    column = "account_number" if account_number else "person_key"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"select id from decisions_subject_key where {column} = %s order by id for update",
            [account_number or person_key],
        )
        keys = [key for (key,) in cursor.fetchall()]
        if not keys:
            raise NotFound("The ledger says nothing of this subject.", where=account_number or person_key)
        return _destroy(keys, "account" if account_number else "person", reason, by)


def give_up_keys(*, reason: str, by: Actor) -> Erasure:
    """After the text key's file was lost: give up the keys that nothing opens any more, so that new ones are made.

    Raises:
        NotFound: when every key opens.
    """
    by.require(Permission.MANAGE_LEDGER)
    _require_reason(reason)
    with transaction.atomic():
        keys = list_unopened()
        if not keys:
            raise NotFound("Every key of the ledger opens: nothing is to be given up.", where="text-key")
        return _destroy(keys, "lost", reason, by)


def _destroy(keys: list[Any], about: str, reason: str, by: Actor) -> Erasure:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [keys])
        lines, in_clear = cursor.fetchone()
        cursor.execute(FORGET, [keys])
    entry_id = record_entry(
        Entry(
            thread_id=ids.new_id(),
            kind="ledger.erased",
            subject="ledger",
            sentence=f"{{actor}} destroyed the key of {ABOUT[about]}: {lines - in_clear} lines can no longer be read.",
            evidence={"about": about, "keys": keys, "lines": lines, "left_in_clear": in_clear, "reason": reason},
        ),
        by=by,
    )
    return Erasure(entry_id=entry_id, keys=len(keys), lines=lines - in_clear, left_in_clear=in_clear)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("An erasure needs a reason.", where="reason", todo="Say why, without personal data.")
