"""Files as streams of bytes, unpacked where they are packed, within bounds that no honest file meets."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.sources.marks import GZIP, kind_of

BLOCK_BYTES = 1 << 20
HEAD_BYTES = 512
MOST_TIMES = 200
FREE_BYTES = 32 << 20
MOST_UNPACKED_BYTES = 64 << 30


def head_of(path: Path) -> tuple[bytes, bool]:
    """Return the first bytes of a file, unpacked, and whether it is packed."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if kind_of(head) != GZIP:
        return head, False
    with opened(path) as unpacked:
        return unpacked.read(HEAD_BYTES), True


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file's bytes, unpacking gzip by its content, whatever its name.

    Raises:
        Invalid: while reading, when it is damaged or unpacks to more than a file of its size may.
    """
    with path.open("rb") as file:
        is_packed = kind_of(file.read(HEAD_BYTES)) == GZIP
        file.seek(0)
        if not is_packed:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield io.BufferedReader(_Bounded(unpacked, file, path.name), BLOCK_BYTES)


def unpacked(body: bytes, encoding: str, *, most_bytes: int) -> bytes:
    """Return a request's body as it was before it was packed for the way: `encoding` is "" or "gzip".

    Raises:
        Invalid: for another encoding, a damaged body, and one that unpacks to more than it may.
    """
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Invalid(f"Bodies packed as {encoding[:40]!r} are not taken.", where="Content-Encoding", todo="Use gzip.")
    packed = io.BytesIO(body)
    with gzip.GzipFile(fileobj=packed) as stream:
        found = io.BufferedReader(_Bounded(stream, packed, "body"), BLOCK_BYTES).read(most_bytes + 1)
    if len(found) > most_bytes:
        raise Invalid(
            f"The body unpacks to more than {most_bytes >> 20} MB.", where="body", todo="Send it in several requests."
        )
    return found


class _Bounded(io.RawIOBase):
    """What a packed file holds, up to what its own size makes believable."""

    def __init__(self, unpacked: gzip.GzipFile, packed: BinaryIO, name: str) -> None:
        self._unpacked, self._packed, self._name = unpacked, packed, name
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._unpacked.read(len(buffer))
        except (OSError, EOFError, zlib.error) as failure:
            raise Invalid(
                f"The file cannot be unpacked: {failure}", where=self._name, todo="Get an undamaged copy."
            ) from None
        self._given += len(data)
        refuse_bomb(self._given, self._packed.tell(), self._name)
        buffer[: len(data)] = data
        return len(data)


def refuse_bomb(unpacked: int, packed: int, where: str) -> None:
    """Refuse what unpacks to more than 200 times its size (beyond the first 32 MB), or to more than 64 GB."""
    if unpacked <= min(max(FREE_BYTES, MOST_TIMES * packed), MOST_UNPACKED_BYTES):
        return
    raise Invalid(
        f"The file unpacks to more than {MOST_TIMES} times its size, or to more than {MOST_UNPACKED_BYTES >> 30} GB.",
        where=where,
        todo="Real tables do not. If this one does, unpack it yourself and load the file.",
    )
