"""`./run serve`: the application on 127.0.0.1, with a worker beside it. Ctrl-C stops both."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

DEFAULT_PORT = 8760


def main() -> int:
    """Prepare, migrate, start the web server and a worker, and wait."""
    parser = argparse.ArgumentParser(prog="run serve", description="Serve the application on this machine.")
    parser.add_argument("--port", type=int, default=0, help=f"default: {DEFAULT_PORT}, or a free one if it is taken")
    parser.add_argument("--no-worker", action="store_true", help="run the worker elsewhere")
    args = parser.parse_args()
    from closeknit.web import boot

    boot.prepare(migrate=True)
    return serve(port=args.port or choose_port(), with_worker=not args.no_worker)


def serve(*, port: int, with_worker: bool = True) -> int:
    """Run the server and the worker as children until interrupted or until one of them dies."""
    from closeknit.web.assets import ensure_vega_bundle
    from closeknit.web.settings import HOME

    ensure_vega_bundle(HOME)
    children = [_start([*_granian(), "--port", str(port)])]
    if with_worker:
        children.append(_start([sys.executable, "-m", "closeknit.web.worker", "--quiet"]))
    previous = {s: signal.signal(s, _interrupt) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        _wait_until_up(port, children[0])
        print(f"\nCloseknit is at http://127.0.0.1:{port}/   (Ctrl-C stops everything)", flush=True)
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        print("A part of the application stopped by itself; stopping the rest.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopping …", file=sys.stderr)
        return 0
    finally:
        _stop(children)
        for number, handler in previous.items():
            signal.signal(number, handler)


def choose_port() -> int:
    """Return the usual port, or say that it is taken and return a free one."""
    port = free_port()
    if port != DEFAULT_PORT:
        print(f"Port {DEFAULT_PORT} is taken (by another ./run?); using a free one.", file=sys.stderr)
    return port


def free_port(wanted: int = DEFAULT_PORT) -> int:
    """Return the wanted port if nobody listens there, else a free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("no free port on 127.0.0.1")


def _granian() -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--workers", "1", "--blocking-threads", str(min(8, 2 * (os.cpu_count() or 1) + 1)),
        "--log-level", "warning", "--no-access-log",
        "closeknit.web.wsgi:application",
    ]  # fmt: skip


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    # A group of its own: the terminal's Ctrl-C reaches this process only, which then stops its children in order.
    return subprocess.Popen(command, env=os.environ.copy(), start_new_session=True)


def _wait_until_up(port: int, server: subprocess.Popen[bytes], seconds: float = 180.0) -> None:
    # A busy machine takes its time; a server that cannot come up ends, and is noticed at once.
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise RuntimeError("the web server did not come up; see the messages above")


def _stop(children: list[subprocess.Popen[bytes]], seconds: float = 10.0) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + seconds
    for child in children:
        try:
            child.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
