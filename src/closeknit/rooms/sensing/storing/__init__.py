"""How a chunk of mapped rows becomes table rows. The caller holds the transaction and the feed's lock."""

from closeknit.rooms.sensing.storing.facts import store_assumed, store_facts, withdraw_assumed
from closeknit.rooms.sensing.storing.place import Place, Settled
from closeknit.rooms.sensing.storing.refused import store_refused, told_by_keys
from closeknit.rooms.sensing.storing.samples import keep_sample
from closeknit.rooms.sensing.storing.work import store_work

__all__ = [
    "Place",
    "Settled",
    "keep_sample",
    "store_assumed",
    "store_facts",
    "store_refused",
    "store_work",
    "told_by_keys",
    "withdraw_assumed",
]
