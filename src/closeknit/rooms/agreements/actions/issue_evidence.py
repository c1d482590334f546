"""Issue an evidence pack of an account's promises, and write into the ledger what was given out."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.rooms.agreements.compute.evidence_file import content_of, digest_of, pack
from closeknit.rooms.agreements.compute.evidence_paper import paper_of
from closeknit.rooms.agreements.contracts.adherence import Adherence, EvidenceFile
from closeknit.rooms.agreements.reads.adherence import get_adherence
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry


def issue_evidence(account_number: str, *, from_on: date, until_on: date, by: Actor, at: datetime) -> EvidenceFile:
    """Return the pack of a period as a zip file; its digest goes to the ledger, so that it can be proven later.

    Refused as `get_adherence` refuses. Money that the actor may not read is not in it. Lines of the ledger that are
    not sealed yet come without a receipt; the pack says how many.
    """
    adherence = get_adherence(account_number, from_on=from_on, until_on=until_on, by=by, at=at)
    receipts, unsealed = _receipts(adherence, by)
    content = content_of(adherence)
    paper = paper_of(adherence, digest_of(content))
    archive = pack(adherence, content, paper, receipts, decisions.get_public_key(by=by), unsealed)
    with transaction.atomic():
        entry_id = record_entry(_entry(adherence, digest_of(content), digest_of(archive)), by=by)
    return EvidenceFile(
        name=f"adherence-{_plain(adherence.account_number)}-{from_on}-{until_on}.zip",
        content=archive,
        digest=digest_of(content),
        entry_id=entry_id,
        receipts=len(receipts),
        unsealed=unsealed,
    )


def _receipts(adherence: Adherence, by: Actor) -> tuple[dict[int, dict[str, Any]], int]:
    found = {}
    for line in adherence.lines:
        try:
            found[line.entry_id] = decisions.get_receipt(line.entry_id, by=by)
        except Conflict:
            continue  # written a moment ago: the sealer has not come by
    return found, len(adherence.lines) - len(found)


def _plain(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in text)[:60]


def _entry(adherence: Adherence, digest: str, file_digest: str) -> Entry:
    missed = len(adherence.missed)
    return Entry(
        thread_id=ids.new_id(),
        kind="evidence.issued",
        subject=f"account:{adherence.account_number}"[:120],
        sentence=(
            f"{{actor}} took an evidence pack of {adherence.account_number} from {adherence.from_on} until before"
            f" {adherence.until_on}: {len(adherence.clocks) - missed} promises kept, {missed} missed."
        ),
        account_number=adherence.account_number,
        evidence={
            "sha256": digest,
            "file_sha256": file_digest,
            "from_on": adherence.from_on,
            "until_on": adherence.until_on,
            "as_of_at": adherence.as_of_at,
            "obligations": len(adherence.obligations),
            "kept": len(adherence.clocks) - missed,
            "missed": missed,
        },
    )
