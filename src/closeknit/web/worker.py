"""`./run worker`: deliver events and run background jobs until interrupted."""

import signal
import sys
import threading


def main() -> int:
    """Run until SIGINT or SIGTERM; a job in progress is finished first."""
    from closeknit.web import boot

    boot.prepare(migrate=True)
    from closeknit.kernel import jobs

    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    print("Worker: delivering events and running jobs. Ctrl-C stops it.", file=sys.stderr)
    jobs.run_forever(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
