"""An evidence pack as a file: what was computed, tables of it, receipts, and how to check them without the product."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from closeknit.kernel.cells import csv_line
from closeknit.kernel.output import plain
from closeknit.rooms.agreements.contracts.adherence import Adherence, EvidenceLine, Obligation, SettledClock
from closeknit.rooms.agreements.contracts.tolerances import BendCard

SCHEMA = "closeknit.adherence/1"
_NESTED = ("holds", "months")
README = """Adherence of {account} from {first} until before {last} ({zone})
{rule}

What is in here
  adherence.json     everything: obligations by version, clocks kept and missed with their holds, credits, ledger lines
  adherence.pdf      the same for people
  obligations.csv    one row for each version of each promise in force
  clocks.csv         one row for each promise about one piece of work that was kept or broken in the period
  tolerances.csv     promises that the house let bend, with who granted it; they change nothing of what is counted
  ledger_lines.csv   what the ledger says that bore on these promises
  receipts/          for each of these lines what proves it, as the ledger stood when the pack was made
  public_key.txt     the ledger's first public key
  SHA256SUMS         digests of these files

How to check it, with Python 3.11 and nothing of the product
  1. Get verify_ledger.py and the public key from somebody you trust, on another way than this file.
  2. For each receipt:   python verify_ledger.py receipt receipts/line-N.json --public-key KEY
     It is proven, or refuted; what the line says is printed.
  3. The digest of adherence.json is

       {digest}

     The ledger holds it in the line "evidence.issued" that was written when this pack was made. Ask for that line's
     receipt: it proves that this pack is the one that was given out, and when.

How it was counted
  A promise about a piece of work counts once, where it was settled: kept when the work ended in time, broken at the
  instant at which its time ran out. Holds pause a clock only for reasons that the terms of their time allow. The bounds
  of a rate are Wilson's for 95 %: within them chance alone may have made it. Credits are misses times the credit for
  each; penalties are for whole months that are over: points below the target times the penalty per point, up to its
  cap.
  Tolerances that were granted within the house change nothing of this: what was promised to the customer stands.
  Lines that are not sealed yet have no receipt: {unsealed} of them. Lines beyond those in here: {left_out}.
"""


def content_of(adherence: Adherence) -> bytes:
    """Return everything that was computed, as the bytes whose digest the ledger holds."""
    body = {"schema": SCHEMA, **plain(adherence)}
    return json.dumps(body, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True).encode() + b"\n"


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(content).hexdigest()


def pack(
    adherence: Adherence,
    content: bytes,
    paper: bytes,
    receipts: Mapping[int, Mapping[str, Any]],
    public_key: str,
    unsealed: int,
) -> bytes:
    """Return the pack as a zip file. `paper` is the PDF of the same content."""
    files = {
        "README.txt": _readme(adherence, content, unsealed),
        "adherence.pdf": paper,
        "adherence.json": content,
        "obligations.csv": _table(Obligation, adherence.obligations),
        "clocks.csv": _table(SettledClock, adherence.clocks, holds=_holds),
        "tolerances.csv": _table(BendCard, adherence.bends),
        "ledger_lines.csv": _table(EvidenceLine, adherence.lines),
        "public_key.txt": f"{public_key}\n".encode(),
    }
    for entry_id, receipt in sorted(receipts.items()):
        files[f"receipts/line-{entry_id}.json"] = json.dumps(receipt, sort_keys=True).encode()
    sums = "".join(f"{digest_of(data)}  {name}\n" for name, data in files.items())
    return _zip({**files, "SHA256SUMS": sums.encode()}, adherence)


def _readme(adherence: Adherence, content: bytes, unsealed: int) -> bytes:
    title = f"Adherence of {adherence.account_number} from {adherence.from_on} until before {adherence.until_on}"
    text = README.format(
        account=adherence.account_number,
        first=adherence.from_on,
        last=adherence.until_on,
        zone=adherence.time_zone,
        rule="=" * (len(title) + len(adherence.time_zone) + 3),
        digest=digest_of(content),
        unsealed=unsealed,
        left_out=adherence.lines_left_out,
    )
    return text.encode()


def _holds(clock: SettledClock) -> str:
    return "; ".join(
        f"{hold.from_at.isoformat()} to {hold.until_at.isoformat() if hold.until_at else 'open'}: {hold.reason}"
        f" ({'paused' if hold.is_pause else 'no pause'})"
        for hold in clock.holds
    )


def _table(card: type, rows: Sequence[Any], **told: Any) -> bytes:
    names = [each.name for each in fields(card) if each.name not in _NESTED]
    lines = [csv_line([*names, *told])]
    lines += [csv_line([*(getattr(row, name) for name in names), *(say(row) for say in told.values())]) for row in rows]
    return ("\ufeff" + "".join(lines)).encode()


def _zip(files: Mapping[str, bytes], adherence: Adherence) -> bytes:
    moment = adherence.as_of_at
    stamp = (max(moment.year, 1980), moment.month, moment.day, moment.hour, moment.minute, moment.second)
    whole = BytesIO()
    with ZipFile(whole, "w", ZIP_DEFLATED) as archive:
        for name, data in _ordered(files):
            info = ZipInfo(name, stamp)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, data)
    return whole.getvalue()


def _ordered(files: Mapping[str, bytes]) -> Iterable[tuple[str, bytes]]:
    return sorted(files.items(), key=lambda file: (file[0] != "README.txt", file[0]))
