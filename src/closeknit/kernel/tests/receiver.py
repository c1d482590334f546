"""Receivers on this machine for tests of what goes out: an HTTPS server that answers as told, and an SMTP catcher."""

import datetime
import http.server
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PUBLIC = "93.184.216.34"
LONG_SECONDS = 120.0
NAME = "hooks.example.com"


@dataclass
class Receiver:
    """An HTTPS server on loopback that stands for a public one. `answers` are statuses, the last one repeats.

    Each answer waits until `may_answer` is set. `drip` sends it letter by letter, over two minutes. Whoever waits
    to the end gets a good answer in both ways, so that a test need not look at the clock.
    """

    port: int = 0
    answers: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    opened: list[tuple[str, int]] = field(default_factory=list)
    may_answer: threading.Event = field(default_factory=threading.Event)
    drip: bool = False
    is_over: threading.Event = field(default_factory=threading.Event)
    trust: ssl.SSLContext | None = None

    def open(self, address: str, port: int, timeout_seconds: float) -> socket.socket:
        """Connect to where the public address would be."""
        self.opened.append((address, port))
        return socket.create_connection(("127.0.0.1", self.port), timeout_seconds)


@contextmanager
def receiver(folder: Path, name: str = NAME) -> Iterator[Receiver]:
    """Run a receiver whose certificate is for `name`."""
    state = Receiver()
    state.may_answer.set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
            state.may_answer.wait(LONG_SECONDS)
            status = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            if state.drip:
                for letter in b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 600 + b"\r\ncontent-length: 2\r\n\r\nok":
                    self.wfile.write(bytes([letter]))
                    self.wfile.flush()
                    if state.is_over.wait(LONG_SECONDS / 600):
                        return
                return
            self.send_response(status)
            for key, value in state.headers.items():
                self.send_header(key, value)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None
    certificate, key = make_certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    state.port = server.server_address[1]
    state.trust = ssl.create_default_context(cafile=str(certificate))
    with running(server):
        yield state
        state.is_over.set()
        state.may_answer.set()


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a self-signed certificate for a name, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(tz=datetime.UTC)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


@dataclass
class Catcher:
    """An SMTP server on loopback that keeps what it is handed. `refuse` maps a command to the answer it gets."""

    port: int = 0
    refuse: dict[str, str] = field(default_factory=dict)
    caught: list[tuple[str, list[str], str]] = field(default_factory=list)


@contextmanager
def smtp_catcher() -> Iterator[Catcher]:
    """Run an SMTP catcher."""
    state = Catcher()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            sender, receivers = "", []
            self.say("220 catcher")
            while line := self.rfile.readline():
                text = line.decode("ascii").strip()
                word = text[:4].upper()
                if word in state.refuse:
                    self.say(state.refuse[word])
                elif word == "MAIL":
                    sender = text.partition("<")[2].partition(">")[0]
                    self.say("250 ok")
                elif word == "RCPT":
                    receivers.append(text.partition("<")[2].partition(">")[0])
                    self.say("250 ok")
                elif word == "DATA":
                    self.say("354 go on")
                    state.caught.append((sender, receivers, self.letter()))
                    sender, receivers = "", []
                    self.say("250 taken")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

        def letter(self) -> str:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.decode("utf-8").removeprefix("."))
            return "".join(lines)

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    with running(server):
        yield state


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    """Serve in a thread meanwhile."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def recorded_connections(monkeypatch: object) -> Iterator[list[str]]:
    """Record, at the socket, the address of every connection that anything tries; none of them gets through."""
    seen: list[str] = []

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        seen.append(str(address[0]))
        raise ConnectionRefusedError("recorded, not connected")

    monkeypatch.setattr(socket.socket, "connect", connect)  # type: ignore[attr-defined]
    yield seen


Waiter = Callable[[], bool]
