"""Repairs with a beginning and an end, for tests of clocks."""

from pathlib import Path

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.tests.small import load

RECIPE = """recipe: repairs
title: Repairs
time_zone: Europe/Berlin
streams:
  - name: repairs
    from: repairs.csv
    into: work
    key: [id]
    fields: {operation: {value: repair}, service: {value: visit}, occurred_at: at, quantity: {value: 1},
             account_number: account, work_class: class, finished_at: done}
"""


def load_repairs(folder: Path, by: Actor, *lines: str) -> None:
    """Load lines of id, at, account, class, done; one that is done makes the service known to state ends."""
    path = folder / "repairs.csv"
    path.write_text("id,at,account,class,done\n" + "".join(f"{line}\n" for line in lines))
    load(path, by, recipe=RECIPE)
