"""A data folder and a database of a benchmark's own, and the sample company in them. The user's data is not touched."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

ENDS_ON = date(2026, 3, 2)


@contextmanager
def scratch(settings: str = "", *, keep: Path | None = None) -> Iterator[Path]:
    """Start an empty embedded PostgreSQL in a temporary folder, with tables and Django ready; remove both after.

    `settings` are lines of PostgreSQL's own, for its local.conf. With `keep`, that folder is used as it is found, and
    stays: what takes minutes to load is loaded once.
    """
    with _folder(keep) as home:
        home.chmod(0o755)
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("CLOSEKNIT_APP_DATABASE_URL", None)
        os.environ["CLOSEKNIT_HOME"] = str(home)
        from closeknit.kernel import postgres
        from closeknit.kernel.postgres.places import make_places
        from closeknit.web import boot

        (make_places(home).folder / "local.conf").write_text(settings)
        boot.prepare(migrate=True)
        from closeknit.kernel.scope import acting_as
        from closeknit.rooms.org.reads import console_actor

        try:
            with acting_as(console_actor()):
                yield home
        finally:
            from django.db import connections

            connections.close_all()
            if keep is None:
                postgres.remove(home)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="closeknit-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def write_company(home: Path, *, accounts: int = 400, weeks: int = 104) -> Path:
    """Write the sample company's files and return their folder."""
    from closeknit.demo import CompanySpec, generate

    folder = home / "company"
    generate(CompanySpec(seed=7, accounts=accounts, weeks=weeks, ends_on=ENDS_ON), folder)
    return folder


def load_company(folder: Path) -> None:
    """Load the company through the front door and let accounts, terms and pools be adopted."""
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.org.reads import console_actor
    from closeknit.rooms.sensing.actions.load_recipe import load_recipe

    load_recipe("sample-company", folder, by=console_actor(), at=clock.now())
    jobs.run_until_idle()
