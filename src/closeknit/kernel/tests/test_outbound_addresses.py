"""Where messages may go: hostile addresses open no connection, and the address that was checked is the one used."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel.errors import CloseknitError, Invalid
from closeknit.kernel.outbound.addresses import Gate, Unreachable, is_public, read_url
from closeknit.kernel.tests.receiver import NAME, PUBLIC, receiver, recorded_connections

HOSTILE = """
http://hooks.example.com/
HTTPS://user@hooks.example.com/
https://user:word@hooks.example.com/
https://hooks.example.com@127.0.0.1/
https://127.0.0.1#@hooks.example.com/
https://hooks.example.com:8443/
https://hooks.example.com:22/
https://hooks.example.com:0443/
https://hooks.example.com:99999/
https://hooks.example.com:/
https://127.0.0.1/
https://127.1/
https://127.0.1/
https://0/
https://0.0.0.0/
https://2130706433/
https://017700000001/
https://0177.0.0.1/
https://0x7f.0.0.1/
https://0x7f000001/
https://0x7f.1/
https://127.0.0.0x1/
https://10.0.0.1/
https://172.16.0.1/
https://192.168.1.1/
https://100.64.0.1/
https://169.254.169.254/latest/meta-data/
https://[::1]/
https://[::]/
https://[::ffff:127.0.0.1]/
https://[::ffff:7f00:1]/
https://[0:0:0:0:0:ffff:127.0.0.1]/
https://[64:ff9b::7f00:1]/
https://[2002:7f00:1::]/
https://[2001:0:7f00:1::]/
https://[fe80::1%25eth0]/
https://[fe80::1]/
https://[fc00::1]/
https://[fd00:ec2::254]/
https://[ff02::1]/
https://[::127.0.0.1]/
https://localhost/
https://localhost./
https://LOCALHOST/
https://metadata/
https://hooks.example.com./
https://hooks..example.com/
https://-hooks.example.com/
https://%31%32%37.0.0.1/
https://127%2e0%2e0%2e1/
https://hooks%2eexample.com/
https://hooks.example.com%00.evil.example/
https://hooks.example.com\\@127.0.0.1/
https:\\\\127.0.0.1/
https:/127.0.0.1/
https:127.0.0.1/
https:///127.0.0.1/
//127.0.0.1/
https://①②⑦.⓪.⓪.①/
https://１２７.０.０.１/
https://127。0。0。1/
https://ⓛocalhost/
https://hooks.exаmple.com/
https://hooks.example.com/\u2028
ftp://hooks.example.com/
file:///etc/passwd
gopher://hooks.example.com/
javascript:alert(1)
data:text/html,x
https://hooks.example.com/#part
https://hooks.example.com?x=1
https://hooks.example.com;@127.0.0.1/
https://hooks.example.com,127.0.0.1/
https://hooks.example.com /
https://
https://.example.com/
https://example/
""".strip().split("\n")
MADE = [
    "https://hooks.example.com/\r\nX: y",
    "https://hooks.example.com\t/",
    " https://hooks.example.com/",
    "https://hooks.example.com/\x00",
    "https://" + "a" * 64 + ".example.com/",
    "https://" + "a." * 130 + "com/",
    "https://hooks.example.com/" + "x" * 500,
    "",
]
DENIED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:7f00:1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "2a00:1450:4001:82a:0:5efe:7f00:1",
    "2a00:1450:4001:82a:200:5efe:7f00:1",
    "hooks.example.com",
    "127.1",
    "0x7f000001",
    "2130706433",
    "1.1.1",
]
OPEN = ("1.1.1.1", "8.8.8.8", PUBLIC, "100.63.255.255", "100.128.0.1", "172.15.0.1", "2606:4700::1111", "2a00:1450::1")


def test_there_are_many_hostile_addresses():
    assert len(HOSTILE) + len(MADE) + len(DENIED) >= 120


@pytest.mark.parametrize("url", [*HOSTILE, *MADE])
def test_a_hostile_address_is_refused_before_anybody_is_asked(url, monkeypatch):
    asked: list[str] = []
    gate = Gate(resolver=lambda host, port: asked.append(host) or [PUBLIC])
    with recorded_connections(monkeypatch) as seen:
        for attempt in (gate.read, gate.check, lambda text: gate.post(text, b"{}", {})):
            with pytest.raises(Invalid):
                attempt(url)
    assert (asked, seen) == ([], [])


@pytest.mark.parametrize("address", DENIED)
def test_a_name_that_leads_inside_opens_no_connection(address, monkeypatch):
    for answers in ([address], [PUBLIC, address], [address, PUBLIC]):
        with recorded_connections(monkeypatch) as seen, pytest.raises(Invalid):
            Gate(resolver=lambda host, port, answers=answers: answers).post(f"https://{NAME}/", b"{}", {})
        assert seen == []


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_public(address):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_special_address_of_version_4_is_public(address):
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
    assert not is_public(f"::ffff:{address}")
    assert not is_public(f"64:ff9b::{address}")


@given(st.ip_addresses(v=6))
def test_no_special_address_of_version_6_is_public(address):
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert address.sixtofour is None
        assert address.teredo is None
        assert address.ipv4_mapped is None


@given(st.text(max_size=60))
def test_whatever_is_taken_is_https_to_a_dotted_name_on_port_443(text):
    for url in (text, f"https://{text}", f"https://{text}/x"):
        try:
            target = read_url(url)
        except Invalid:
            continue
        assert (target.is_tls, target.port, target.is_local) == (True, 443, False)
        assert "." in target.host
        assert not target.host.rpartition(".")[2].isdigit()


class Turning:
    """A resolver whose answers change: the first is public, all others lead inside."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, host: str, port: int, *more: int, **options: int) -> list[tuple]:
        if host != NAME:
            return _real(host, port, *more, **options)
        self.asked += 1
        address = PUBLIC if self.asked == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


_real = socket.getaddrinfo


def test_an_answer_that_changes_between_check_and_use_changes_nothing(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", Turning())
    with recorded_connections(monkeypatch) as seen, pytest.raises(Unreachable):
        Gate().post(f"https://{NAME}/", b"{}", {})
    assert seen == [PUBLIC]


def test_red_twin_without_the_pin_the_changed_answer_is_connected_to(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", Turning())
    unpinned = Gate(opener=lambda address, port, seconds: socket.create_connection((NAME, port), seconds))
    with recorded_connections(monkeypatch) as seen, pytest.raises(Unreachable):
        unpinned.post(f"https://{NAME}/", b"{}", {})
    assert seen == ["127.0.0.1"]


def test_the_name_stays_in_tls_and_host_though_the_address_is_connected_to(tmp_path):
    with receiver(tmp_path) as server:
        gate = Gate(resolver=lambda host, port: [PUBLIC], opener=server.open, tls=server.trust)
        answer = gate.post(f"https://{NAME}/hook?x=1", b"{}", {"x-test": "1"})
    assert (answer.status, answer.text) == (200, "ok")
    assert server.opened == [(PUBLIC, 443)]
    headers, body = server.taken[0]
    assert (headers["host"], headers["x-test"], body) == (NAME, "1", b"{}")


def test_a_certificate_for_another_name_is_refused(tmp_path):
    with receiver(tmp_path, name="other.example.com") as server:
        gate = Gate(resolver=lambda host, port: [PUBLIC], opener=server.open, tls=server.trust)
        with pytest.raises(Unreachable, match="certificate"):
            gate.post(f"https://{NAME}/", b"secret", {})
    assert server.taken == []


def test_redirects_are_answers_and_not_followed(tmp_path):
    with receiver(tmp_path) as server:
        server.answers, server.headers = [302], {"location": "https://169.254.169.254/"}
        gate = Gate(resolver=lambda host, port: [PUBLIC], opener=server.open, tls=server.trust)
        assert gate.post(f"https://{NAME}/", b"{}", {}).status == 302
    assert len(server.opened) == 1


@pytest.mark.parametrize("way", ["silent", "drip"])
def test_a_receiver_that_never_ends_is_cut_off(tmp_path, way):
    with receiver(tmp_path) as server:
        server.drip = way == "drip"
        if way == "silent":
            server.may_answer.clear()
        gate = Gate(resolver=lambda host, port: [PUBLIC], opener=server.open, tls=server.trust, whole_seconds=0.4)
        # Whoever waits for the end gets an answer.
        with pytest.raises(Unreachable):
            gate.post(f"https://{NAME}/", b"{}", {})


def test_a_listed_host_may_be_local_and_plain_and_no_other():
    local = frozenset({"127.0.0.1:9000", "hooks.local:443"})
    assert read_url("http://127.0.0.1:9000/x", local).is_local
    assert read_url("https://hooks.local/x", local).is_local
    for url in ("http://127.0.0.1:9001/x", "http://127.0.0.1/x", "http://hooks.local/x", "http://localhost:9000/x"):
        with pytest.raises(Invalid):
            read_url(url, local)


def test_a_name_without_an_address_waits_and_says_so():
    def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror("unknown")

    for resolver in (nowhere, lambda host, port: []):
        with pytest.raises(CloseknitError, match="has no address"):
            Gate(resolver=resolver).check(f"https://{NAME}/")
