"""Files of lines that are only ever added to, kept in several folders outside the database."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from closeknit.kernel.errors import Conflict

TAIL_BYTES = 65536


@dataclass(frozen=True, slots=True)
class OutsideLog:
    """One file name in several folders; the first folder is ours, the others are copies elsewhere."""

    folders: Sequence[Path]
    name: str

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the file is, first ours."""
        return tuple(folder / self.name for folder in self.folders)

    def read_all(self, path: Path) -> list[dict[str, Any]]:
        """Return a file's records. A last line that was cut off by a crash is left out.

        Raises:
            Conflict: when another line cannot be read.
        """
        if not path.exists():
            return []
        records = []
        lines = path.read_bytes().split(b"\n")
        for number, line in enumerate(lines[:-1], start=1):
            try:
                records.append(json.loads(line))
            except ValueError as failure:
                raise Conflict(
                    "A line kept outside the database cannot be read.",
                    where=f"{path}, line {number}",
                    todo="Bring the file back from a copy; nothing is sealed until then.",
                ) from failure
        return records

    def read_last(self, path: Path) -> list[dict[str, Any]]:
        """Return a file's last whole record, alone in a list, or nothing; reads the end of the file only."""
        if not path.exists():
            return []
        with open(path, "rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - TAIL_BYTES))
            whole = [line for line in file.read().rpartition(b"\n")[0].split(b"\n") if line]
        try:
            return [json.loads(whole[-1])] if whole else []
        except ValueError as failure:
            raise Conflict(
                "The last line kept outside the database cannot be read.",
                where=str(path),
                todo="Bring the file back from a copy; nothing is sealed until then.",
            ) from failure

    def append(self, path: Path, records: Iterable[dict[str, Any]]) -> None:
        """Add records to one file, on disk before this returns."""
        text = "".join(json.dumps(r, separators=(",", ":"), ensure_ascii=False) + "\n" for r in records)
        if not text:
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(path, "ab+") as file:
            _cut_torn_line(file)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


def _cut_torn_line(file: Any) -> None:
    """Cut off what a crash left of a line: it was never promised to anybody."""
    end = file.seek(0, os.SEEK_END)
    if not end:
        return
    start = max(0, end - TAIL_BYTES)
    file.seek(start)
    tail = file.read(end - start)
    if not tail.endswith(b"\n"):
        file.truncate(start + tail.rfind(b"\n") + 1)
        file.seek(0, os.SEEK_END)
