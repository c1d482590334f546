"""The embedded PostgreSQL: one small manager, standard library only, no framework.

`with acquire(data_folder(root)) as database:` gives `database.url`; the server stops after its last user.
"""

from closeknit.kernel.postgres.binaries import Binaries, find_binaries, list_binaries
from closeknit.kernel.postgres.cluster import APP_ROLE
from closeknit.kernel.postgres.door import Database, Status, acquire, remove, remove_moved_root, status, stop
from closeknit.kernel.postgres.errors import DatabaseError
from closeknit.kernel.postgres.places import data_folder, list_orphans

__all__ = [
    "APP_ROLE",
    "Binaries",
    "Database",
    "DatabaseError",
    "Status",
    "acquire",
    "data_folder",
    "find_binaries",
    "list_binaries",
    "list_orphans",
    "remove",
    "remove_moved_root",
    "status",
    "stop",
]
