"""`./run worker`: deliver events and run background jobs until interrupted."""

import argparse
import signal
import sys
import threading


def main() -> int:
    """Run until SIGINT or SIGTERM; a job in progress is finished first."""
    parser = argparse.ArgumentParser(prog="run worker", description="Deliver events and run background jobs.")
    parser.add_argument("--quiet", action="store_true", help="say nothing at the start")
    quiet = parser.parse_args().quiet
    from closeknit.web import boot

    boot.prepare(migrate=True)
    from closeknit.kernel import jobs
    from closeknit.web import calm

    calm.keep_calm()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    if not quiet:
        print("Worker: delivering events and running jobs. Ctrl-C stops it.", file=sys.stderr)
    jobs.run_forever(stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
