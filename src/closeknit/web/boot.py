"""Get from nothing to a running Django: data folder, database, settings. Used by every entrance."""

import atexit
import os
from pathlib import Path


def project_root() -> Path:
    """Return the folder that holds the data folder: the clone, or where the user stands."""
    clone = Path(__file__).resolve().parents[3]
    return clone if (clone / "pyproject.toml").exists() else Path.cwd()


def prepare(*, migrate: bool = False) -> None:
    """Set the data folder, get a database, load Django, and bring the tables up to date where asked."""
    from closeknit.kernel import postgres

    home = postgres.data_folder(project_root())
    os.environ.setdefault("CLOSEKNIT_HOME", str(home))
    os.environ.setdefault("CLOSEKNIT_KERNELS", str(home / "cache"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "closeknit.web.settings")
    if "DATABASE_URL" not in os.environ:
        database = postgres.acquire(home)
        os.environ["DATABASE_URL"] = database.url
        os.environ["CLOSEKNIT_APP_DATABASE_URL"] = database.app_url
        atexit.register(database.close)
    import django

    django.setup()
    if migrate:
        bring_up_to_date()


def bring_up_to_date() -> None:
    """As owner: make the application's role, apply migrations, grant. Processes at once take turns under a lock."""
    from django.core.management import call_command
    from django.db import connection

    from closeknit.kernel import roles

    with roles.as_owner(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('closeknit-migrate'))")
        try:
            roles.ensure_app_role()
            call_command("migrate", verbosity=0, interactive=False)
            roles.ensure_grants()
        finally:
            cursor.execute("select pg_advisory_unlock(hashtext('closeknit-migrate'))")
