"""After an old backup came back: erase again who was erased since, by the journal that lies outside the database."""

import json
from datetime import datetime
from pathlib import Path

from django.conf import settings

from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.actions.erase_subject import JOURNAL, erase_subject
from closeknit.rooms.privacy.contracts.keeping import SubjectErasure
from closeknit.rooms.privacy.contracts.subjects import Subject
from closeknit.rooms.privacy.models import ErasureRow
from closeknit.rooms.privacy.reads.pseudonyms import pseudonym_of

REASON = "Erased before; a backup from before that was brought back."


def reapply_erasures(*, by: Actor, at: datetime) -> list[SubjectErasure]:
    """Erase every subject that the journal names and this database does not know to be erased; return what was done.

    The journal holds pseudonyms only: each subject that is here is compared with it. Call it before anybody signs in.
    """
    by.require(Permission.MANAGE_PRIVACY)
    owed = _journal() - set(ErasureRow.objects.values_list("subject_kind", "pseudonym"))
    found = []
    for kind, listed in declared("subject lists").items():
        if any(each == kind for each, _ in owed):
            subjects = (Subject(kind, reference) for reference in listed(by=by))
            found += [subject for subject in subjects if (kind, pseudonym_of(subject)) in owed]
    return [erase_subject(subject, reason=REASON, by=by, at=at) for subject in found]


def _journal() -> set[tuple[str, str]]:
    path = Path(settings.LEDGER_FOLDER) / JOURNAL
    if not path.exists():
        return set()
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return {(line["kind"], line["pseudonym"]) for line in lines}
