"""One thread for each receiver that has something due: a slow one holds up nobody but itself."""

import logging
import threading
from collections.abc import Callable, Iterable

from django.db import connection

from closeknit.kernel.scope import seeing_everything

log = logging.getLogger(__name__)
MOST_LANES = 16


class Lanes:
    """Receivers being served right now, each by a thread of its own."""

    def __init__(self, serve: Callable[[str], object], most: int = MOST_LANES) -> None:
        self._serve = serve
        self._most = most
        self._running: dict[str, threading.Thread] = {}

    def start(self, names: Iterable[str]) -> None:
        """Serve each named receiver, unless it is being served still or no thread is free: then at the next call.

        The threads end with the process: what one was sending is sent again, under the same id.
        """
        self._running = {name: thread for name, thread in self._running.items() if thread.is_alive()}
        for name in names:
            if name in self._running or len(self._running) >= self._most:
                continue
            self._running[name] = threading.Thread(target=self._run, args=(name,), name=f"lane {name}", daemon=True)
            self._running[name].start()

    def join(self) -> None:
        """Wait until every lane is at rest."""
        for thread in list(self._running.values()):
            thread.join()

    def _run(self, name: str) -> None:
        try:
            with seeing_everything():
                self._serve(name)
        except Exception:
            log.exception("sending to %s failed; the rest of it waits", name)
        finally:
            connection.close()
