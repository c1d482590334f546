"""Fernhill Supply, a made-up company: simulated source systems that write files for the front door.

This part stands apart. It imports nothing from the rest of Closeknit and nothing of the rest imports it,
except the command line. Importing it costs only the standard library; numpy and pyarrow come with the first
`generate`.
"""

from __future__ import annotations

from pathlib import Path

from closeknit.demo.spec import CompanyFiles, CompanySpec, Progress, SpecError, last_monday

__all__ = ["CompanyFiles", "CompanySpec", "Progress", "SpecError", "generate", "last_monday"]


def generate(spec: CompanySpec, folder: Path, progress: Progress | None = None) -> CompanyFiles:
    """Write the sample company's files and its truth into `folder`; the same spec gives the same bytes."""
    from closeknit.demo.build import build

    return build(spec, folder, progress)
