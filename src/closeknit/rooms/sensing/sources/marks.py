"""What a file's first bytes say it is, and marks that belong nowhere in a row."""

import re

ODD = re.compile("[\ufeff\x00]")
_KINDS = (
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "a ZIP archive, as Excel's .xlsx is"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document, as Excel's .xls is"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"ORC", "ORC"),
    (b"Obj\x01", "Avro"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_TEXTS = (
    (re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE), "a web page"),
    (re.compile(rb"\s*<\?xml\b"), "XML"),
    (re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{"\]])'), "JSON"),
)
PARQUET, ZIP, GZIP, JSON, TEXT = "Parquet", _KINDS[1][1], "gzip", "JSON", "text"


def kind_of(head: bytes) -> str:
    """Return what a file's first bytes show it to be: one of the kinds above, or "text"."""
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return kind
    text = head.removeprefix(b"\xef\xbb\xbf")
    return next((kind for pattern, kind in _TEXTS if pattern.match(text)), TEXT)


def odd_mark(text: str) -> str:
    """Return what is wrong with a text that holds a byte-order mark or a NUL; "" where neither is there."""
    found = ODD.search(text)
    if found is None:
        return ""
    return "a byte-order mark in the middle" if found[0] == "\ufeff" else "a NUL character"
