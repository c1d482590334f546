"""Replace the ledger's signing key: the old one's last checkpoint names the new one."""

from pathlib import Path

from django.conf import settings

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.signatures import load_or_make_key
from closeknit.rooms.decisions.actions.seal_ledger import NEXT_KEY, seal_all, seal_ledger
from closeknit.rooms.decisions.reads.tree import key_history
from closeknit.rooms.org.contracts import Permission


def rotate_key(*, by: Actor) -> str:
    """Make a new signing key, have the old one name it in a checkpoint, drop the old one; return the public key.

    Whoever pinned an earlier key follows from it to the new one. A crash in between is made good at the next sealing.

    Raises:
        Conflict: while another process is sealing.
    """
    by.require(Permission.MANAGE_LEDGER)
    seal_all(by=by)
    key_history()  # pins the first key before there is a second
    public = load_or_make_key(Path(settings.LEDGER_FOLDER) / NEXT_KEY).public.hex()
    seal_ledger(by=by, next_key=public)
    if key_history()[-1] != public:
        raise Conflict("Another process is sealing.", where="signing key", todo="Try again in a second.")
    return public
