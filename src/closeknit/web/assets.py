"""Static files that are made, not kept: the chart library, written once from the wheel that carries it."""

import os
from importlib.metadata import version
from pathlib import Path


def vega_bundle_name() -> str:
    """Return the static name of the chart library; it changes with the library's version."""
    return f"vendor/vega-{version('vl-convert-python')}.js"


def ensure_vega_bundle(home: Path) -> Path:
    """Write the chart library under `home/static` unless it is there already, and return its path.

    Takes about two seconds the first time. Written beside and renamed: two processes may do it at once.
    """
    path = home / "static" / vega_bundle_name()
    if path.exists():
        return path
    import vl_convert

    # The stub of vl_convert calls the snippet required; it is not.
    library = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}.part")
    beside.write_text(library, encoding="utf-8")
    beside.replace(path)
    return path
