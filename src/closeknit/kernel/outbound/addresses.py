"""Where a message may be sent: https to a public name, and the connection goes to the address that was checked.

A name is resolved once. Every address it has must be public; the connection is opened to that address itself, with the
name kept for TLS and Host, so that an answer that changes between check and use changes nothing. Redirects are answers
like any other, and failures. Time and size are limited.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from closeknit.kernel.errors import CloseknitError, Invalid

MOST_URL = 500
MOST_ANSWER_BYTES = 4096
CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0

DENIED_V4 = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's metadata and DNS, on a public-looking address
        "169.254.0.0/16",  # link-local, metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
# Global unicast and nothing else: loopback, mapped, NAT64, unique-local, link-local, site-local, multicast are outside.
ALLOWED_V6 = ipaddress.ip_network("2000::/3")
DENIED_V6 = tuple(
    ipaddress.ip_network(text)
    for text in (
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
ISATAP = (0x00005EFE, 0x02005EFE)

URL = re.compile(r"(https?)://([^/?#]*)([/][^#]*)?", re.ASCII)
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII)

Resolver = Callable[[str, int], Iterable[str]]
Opener = Callable[[str, int, float], socket.socket]


class Unreachable(CloseknitError):
    """Nothing was sent, or nothing came back in time."""

    code, status, title = "unreachable", 502, "The receiver could not be reached"


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address to send to. `is_local`: an administrator listed host and port for local use."""

    is_tls: bool
    host: str
    port: int
    path: str
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered: the status, and the beginning of its text for a person to read."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name, as this machine's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def open_socket(address: str, port: int, timeout_seconds: float) -> socket.socket:
    """Connect to a numeric address."""
    return socket.create_connection((address, port), timeout=timeout_seconds)


@dataclass(frozen=True, slots=True)
class Gate:
    """The way out. `local` lists "host:port" that may be private and plain http; by default none is.

    `resolver`, `opener` and `tls` are parts that tests replace.
    """

    local: frozenset[str] = frozenset()
    resolver: Resolver = resolve
    opener: Opener = open_socket
    tls: ssl.SSLContext | None = None
    whole_seconds: float = WHOLE_SECONDS

    def read(self, url: str) -> Target:
        """Return the target that an address names, without asking anybody.

        Raises:
            Invalid: unless it is https to a public name on port 443, or listed for local use.
        """
        return read_url(url, self.local)

    def check(self, url: str) -> Target:
        """Return the target after resolving its name and finding every address of it public.

        Raises:
            Invalid: when it is not to be sent to. Unreachable: when the name has no address.
        """
        target = self.read(url)
        self._pin(target)
        return target

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body and return the answer, whatever its status.

        Raises:
            Invalid: when the address is not to be sent to. Unreachable: when there was no answer in time.
        """
        target = self.read(url)
        address = self._pin(target)
        try:
            return self._exchange(target, address, body, headers)
        except (OSError, http.client.HTTPException, ValueError) as failure:
            raise Unreachable(
                f"{target.host} did not answer: {type(failure).__name__}: {failure}"[:300], where=url, kept="It waits."
            ) from failure

    def _pin(self, target: Target) -> str:
        try:
            addresses = list(self.resolver(target.host, target.port))
        except (OSError, UnicodeError) as failure:
            raise Unreachable(f"{target.host} has no address: {failure}", where=target.host, kept="It waits.") from None
        if not addresses:
            raise Unreachable(f"{target.host} has no address.", where=target.host, kept="It waits.")
        denied = [] if target.is_local else [address for address in addresses if not is_public(address)]
        if denied:
            raise Invalid(
                f"{target.host} leads to {denied[0]}, which is not a public address.",
                where=target.host,
                todo="Send to a public receiver, or list the host in CLOSEKNIT_LOCAL_RECEIVERS.",
            )
        return addresses[0]

    def _exchange(self, target: Target, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        line = self.opener(address, target.port, CONNECT_SECONDS)
        if target.is_tls:
            context = self.tls or ssl.create_default_context()
            line = context.wrap_socket(line, server_hostname=target.host, do_handshake_on_connect=False)
        # A receiver that drips bytes keeps each single wait short: the line is cut when the whole time is over.
        cutter = threading.Timer(self.whole_seconds, _cut, [line])
        cutter.daemon = True
        cutter.start()
        try:
            if isinstance(line, ssl.SSLSocket):
                line.do_handshake()
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = line
            connection.request("POST", target.path, body, {"Host": _host_header(target), **headers})
            response = connection.getresponse()
            text = response.read(MOST_ANSWER_BYTES).decode("utf-8", "replace")
            return Answer(response.status, text, dict(response.getheaders()))
        finally:
            cutter.cancel()
            line.close()


def read_url(url: str, local: frozenset[str] = frozenset()) -> Target:
    """Return the target that an address names. Strict: what two readers could read differently is refused."""
    match = URL.fullmatch(url) if len(url) <= MOST_URL and re.fullmatch(r"[\x21-\x7e]+", url) else None
    if match is None or "\\" in url:
        raise _refused(url, "Write it as https://name/path, in plain letters and without spaces or a fragment.")
    scheme, authority, path = match.group(1), match.group(2).lower(), match.group(3) or "/"
    host, port = _split(url, authority, 443 if scheme == "https" else 80)
    if f"{host}:{port}" in local:
        return Target(scheme == "https", host, port, path, is_local=True)
    if scheme != "https":
        raise _refused(url, "Only https is sent to.")
    if port != 443:
        raise _refused(url, "Only port 443 is sent to.")
    _check_name(url, host)
    return Target(True, host, port, path)


def is_public(address: str) -> bool:
    """Tell whether a numeric address is one of the open internet. What cannot be read is not."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in DENIED_V4)
    if found.scope_id is not None or found not in ALLOWED_V6 or any(found in network for network in DENIED_V6):
        return False
    return (int(found) >> 32) & 0xFFFFFFFF not in ISATAP


def _split(url: str, authority: str, usual_port: int) -> tuple[str, int]:
    match = re.fullmatch(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?", authority, re.ASCII)
    if match is None:
        raise _refused(url, "The host must be a plain name: no user, no password, no escapes.")
    port = int(match.group(2) or usual_port)
    if port > 65535:
        raise _refused(url, "There is no such port.")
    return match.group(1).strip("[]"), port


def _check_name(url: str, host: str) -> None:
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        raise _refused(url, "The host must be a full name such as hooks.example.com.")
    # 127.1, 0x7f.1, 017700000001: some resolvers read numbers as addresses. A name's last part is never a number.
    if NUMERIC.fullmatch(labels[-1]):
        raise _refused(url, "The host must be a name, not a numeric address.")


def _refused(url: str, todo: str) -> Invalid:
    return Invalid("Nothing is sent to this address.", where=url[:120], todo=todo)


def _host_header(target: Target) -> str:
    usual = 443 if target.is_tls else 80
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == usual else f"{host}:{target.port}"


def _cut(line: socket.socket) -> None:
    try:
        # The plain socket's own: that of TLS would take its state away under the thread that reads.
        socket.socket.shutdown(line, socket.SHUT_RDWR)
    except OSError:
        return
