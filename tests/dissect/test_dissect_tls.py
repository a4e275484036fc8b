"""TLS 1.3 opened: connections of Python's `ssl` in memory, and of `openssl s_server` with `openssl s_client` over loopback."""

from __future__ import annotations

import datetime
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from iso15118.cli import main
from iso15118.dissect.streams import Chunk
from iso15118.dissect.tls import Opened, is_tls, opened, secrets
from iso15118.wire.pcapng import Place, TcpStream, section
from iso15118.wire.pcapng import secrets as block_of_secrets
from iso15118.wire.sdp import SdpRequest

DEADLINE = 20.0
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()
SAID = [(True, b"request"), (False, b"answer" * 20_000), (True, SdpRequest().to_datagram()), (False, b"end")]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that it has signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "SECC")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = tmp_path_factory.mktemp("pki") / "both.pem"
    file.write_bytes(key.private_bytes(*pem) + made.sign(key, hashes.SHA256()).public_bytes(pem[0]))
    return file


class Caught(NamedTuple):
    """The octets of a connection, and the key log of one of its ends."""

    chunks: list[Chunk]
    key_log: str


def in_memory(certificate: Path, key_log: Path, *, mutual: bool = False, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Caught:
    """`SAID`, by two ends that hand each other their octets."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(certificate)
    client.check_hostname = False
    client.load_verify_locations(certificate)
    client.keylog_filename = str(key_log)
    client.minimum_version = client.maximum_version = version
    if mutual:
        client.load_cert_chain(certificate)
        server.load_verify_locations(certificate)
        server.verify_mode = ssl.CERT_REQUIRED
    heard, said = {True: ssl.MemoryBIO(), False: ssl.MemoryBIO()}, {True: ssl.MemoryBIO(), False: ssl.MemoryBIO()}
    ends = {True: client.wrap_bio(heard[True], said[True]), False: server.wrap_bio(heard[False], said[False], server_side=True)}
    chunks: list[Chunk] = []

    def turn(who: bool, act: Callable[[], object]) -> bool:
        """One end acts; what it says goes to the other. Is it done?"""
        try:
            act()
            done = True
        except ssl.SSLWantReadError:
            done = False
        if octets := said[who].read():
            chunks.append(Chunk(len(chunks) + 1, float(len(chunks)), who, octets))
            heard[not who].write(octets)
        return done

    done = {True: False, False: False}
    while not all(done.values()):
        for who in (True, False):
            done[who] = turn(who, ends[who].do_handshake)
    for who, octets in SAID:
        turn(who, lambda who=who, octets=octets: ends[who].write(octets))
        arrived = b""
        while len(arrived) < len(octets):
            arrived += ends[not who].read()
        assert arrived == octets
    return Caught(chunks, key_log.read_text())


def talk(found: Opened) -> list[tuple[bool, bytes]]:
    """What was said, turn by turn."""
    turns: list[tuple[bool, bytes]] = []
    for chunk in found.chunks:
        if turns and turns[-1][0] is chunk.from_client:
            turns[-1] = chunk.from_client, turns[-1][1] + chunk.octets
        else:
            turns.append((chunk.from_client, chunk.octets))
    return turns


@pytest.fixture(scope="module")
def caught(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Caught:
    return in_memory(certificate, tmp_path_factory.mktemp("keys") / "log")


@pytest.mark.parametrize("mutual", [False, True])
def test_a_connection_is_opened_with_its_key_log(certificate: Path, tmp_path: Path, mutual: bool) -> None:
    chunks, key_log = in_memory(certificate, tmp_path / "log", mutual=mutual)
    found = opened(chunks, secrets(key_log))
    assert talk(found) == SAID
    assert (found.cipher, found.closed) == ("TLS 1.3 TLS_AES_256_GCM_SHA384", "")
    assert is_tls(chunks[0].octets)


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_records_may_be_cut_anywhere(caught: Caught, size: int) -> None:
    cut = [
        Chunk(chunk.number, chunk.time, chunk.from_client, chunk.octets[at : at + size])
        for chunk in caught.chunks
        for at in range(0, len(chunk.octets), size)
    ]
    assert talk(opened(cut, secrets(caught.key_log))) == SAID


def test_without_its_secrets_it_stays_closed_and_says_so(caught: Caught) -> None:
    found = opened(caught.chunks, secrets(""))
    assert (found.chunks, found.cipher) == ((), "TLS 1.3 TLS_AES_256_GCM_SHA384")
    assert found.closed.startswith("no CLIENT_HANDSHAKE_TRAFFIC_SECRET for its client random ")
    half = "\n".join(line for line in caught.key_log.splitlines() if "SERVER_TRAFFIC" not in line)
    assert opened(caught.chunks, secrets(half)).closed.startswith("no SERVER_TRAFFIC_SECRET_0")


def test_a_wrong_secret_or_octet_is_found(caught: Caught) -> None:
    wrong = {key: bytes(len(secret)) if key[0] == "CLIENT_TRAFFIC_SECRET_0" else secret for key, secret in secrets(caught.key_log).items()}
    assert "a record of the client does not authenticate" in opened(caught.chunks, wrong).closed
    last = caught.chunks[-1]
    flipped = [*caught.chunks[:-1], last._replace(octets=last.octets[:-1] + bytes([last.octets[-1] ^ 1]))]
    found = opened(flipped, secrets(caught.key_log))
    assert talk(found) == SAID[:-1]
    assert found.closed == f"a record of the server does not authenticate, at packet {last.number}: another key, or other octets"


def test_a_gap_ends_it(caught: Caught) -> None:
    chunks = [*caught.chunks[:-1], caught.chunks[-1]._replace(gap=7)]
    assert opened(chunks, secrets(caught.key_log)).closed == f"7 octets of the server are missing at packet {len(chunks)}"


def test_older_versions_are_not_opened(certificate: Path, tmp_path: Path) -> None:
    chunks, key_log = in_memory(certificate, tmp_path / "log", version=ssl.TLSVersion.TLSv1_2)
    assert opened(chunks, secrets(key_log)).closed == "not TLS 1.3, and older versions are not opened"


def test_a_handshake_that_is_not_there(caught: Caught) -> None:
    assert opened([], {}).closed == "the handshake is not there"
    assert opened(caught.chunks[:1], {}).closed == "the handshake is not there"
    assert opened(caught.chunks[-1:], {}).closed.startswith("encrypted data of the server before its key")


def test_a_key_log_with_other_lines(caught: Caught) -> None:
    noisy = f"# comment\n\nCLIENT_RANDOM xx yy\nshort\n{caught.key_log}"
    assert secrets(noisy) == secrets(caught.key_log)


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=80)), max_size=8))
def test_any_octets_give_an_answer(said: list[tuple[bool, bytes]]) -> None:
    chunks = [Chunk(i, 0.0, who, b"\x16\x03\x03" + octets) for i, (who, octets) in enumerate(said)]
    assert isinstance(opened(chunks, {}), Opened)


@given(data=st.data())
def test_any_octet_may_be_wrong(caught: Caught, data: st.DataObject) -> None:
    chunks = list(caught.chunks)
    for _ in range(3):
        which = data.draw(st.integers(0, len(chunks) - 1))
        octets = bytearray(chunks[which].octets)
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
        chunks[which] = chunks[which]._replace(octets=bytes(octets))
    assert isinstance(opened(chunks, secrets(caught.key_log)), Opened)


# A real server.


class Relay:
    """Passes octets between a client and the server, and keeps them in order."""

    def __init__(self, server: int) -> None:
        self.chunks: list[Chunk] = []
        self._lock = threading.Lock()
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._listener, self._listener.accept()[0] as client, socket.create_connection(("127.0.0.1", self._server)) as server:
            for sock in (client, server):
                sock.settimeout(DEADLINE)
            ways = [threading.Thread(target=self._pass, args=way) for way in ((client, server, True), (server, client, False))]
            for way in ways:
                way.start()
            for way in ways:
                way.join()

    def _pass(self, source: socket.socket, target: socket.socket, from_client: bool) -> None:
        try:
            while octets := source.recv(65536):
                with self._lock:
                    self.chunks.append(Chunk(len(self.chunks) + 1, 0.0, from_client, octets))
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def join(self) -> None:
        self._thread.join(DEADLINE)


@pytest.fixture
def server(certificate: Path) -> Iterator[Callable[..., int]]:
    """Starts `openssl s_server` with more arguments; its port. It sends back each line, reversed."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program")
    running: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(certificate), "-tls1_3", "-rev", *words]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        running.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"ACCEPT"):
                return port
        raise AssertionError("openssl s_server has not started")

    yield start
    for process in running:
        process.kill()
        process.wait()


def client(port: int, key_log: Path, said: list[bytes], *words: str) -> None:
    """`openssl s_client` says these lines, each after the answer to the one before."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3", "-keylogfile", str(key_log), *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for line in said:
            process.stdin.write(line + b"\n")
            process.stdin.flush()
            answer = b"KEYUPDATE" if line == b"K" else line[::-1]
            for heard in process.stdout:
                if answer in heard:
                    break
            else:
                raise AssertionError(f"no answer to {line!r}")
        process.stdin.write(b"Q\n")
        process.stdin.close()
        process.wait(DEADLINE)
    finally:
        process.kill()
        process.wait()


def spoken(relay: Relay, key_log: Path) -> tuple[Opened, bytes, bytes]:
    found = opened(relay.chunks, secrets(key_log.read_text()))
    return found, *(b"".join(c.octets for c in found.chunks if c.from_client is who) for who in (True, False))


@pytest.mark.parametrize("suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])
def test_every_cipher_suite_of_openssl(server: Callable[..., int], tmp_path: Path, suite: str) -> None:
    relay = Relay(server("-ciphersuites", suite))
    client(relay.port, tmp_path / "log", [b"supported", b"app protocol"])
    relay.join()
    found, car, charger = spoken(relay, tmp_path / "log")
    assert (found.cipher, found.closed) == (f"TLS 1.3 {suite}", "")
    assert car == b"supported\napp protocol\n"
    assert charger == b"detroppus\nlocotorp ppa\n"


def test_another_hello_and_new_keys(server: Callable[..., int], tmp_path: Path) -> None:
    relay = Relay(server("-groups", "P-384"))
    client(relay.port, tmp_path / "log", [b"before", b"K", b"after", b"K", b"again"], "-groups", "X25519:P-384")
    relay.join()
    assert any(RETRY in chunk.octets for chunk in relay.chunks)  # the server has asked for another group
    found, car, charger = spoken(relay, tmp_path / "log")
    assert found.closed == ""
    assert (car, charger) == (b"before\nafter\nagain\n", b"erofeb\nretfa\nniaga\n")


def test_a_capture_of_openssl_is_decoded_with_its_key_log_and_stays_closed_without(
    server: Callable[..., int], certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A car that speaks to `openssl s_server`: what it said comes out of the capture, by the secrets in the file or beside it."""
    said = bytes.fromhex("01fe80010000000480400040")
    relay = Relay(server())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(certificate)
    context.keylog_filename = str(tmp_path / "log")
    with (
        socket.create_connection(("127.0.0.1", relay.port), timeout=DEADLINE) as sock,
        context.wrap_socket(sock) as car,
    ):
        car.sendall(said)
        car.sendall(said)
        car.shutdown(socket.SHUT_WR)
        while car.recv(4096):  # closed with octets unread it would be reset, and what was said might not reach the relay
            pass
    relay.join()
    stream = TcpStream(Place("fe80::1", 50000), Place("fe80::2", 60000))
    packets = stream.opening(1.0) + b"".join(stream.data(2.0, c.octets, from_client=c.from_client) for c in relay.chunks)
    key_log = (tmp_path / "log").read_text()
    closed, open_ = tmp_path / "closed.pcapng", tmp_path / "open.pcapng"
    closed.write_bytes(section() + packets)
    open_.write_bytes(section() + block_of_secrets(key_log) + packets)
    for arguments in ([str(open_)], [str(closed), "--keylog", str(tmp_path / "log")]):
        assert main(["decode", *arguments]) == 0
        shown = capsys.readouterr().out
        assert "[fe80::2]:60000, TLS 1.3 TLS_AES_256_GCM_SHA384" in shown
        assert shown.count("supportedAppProtocolRes") == 2
    assert main(["decode", str(closed)]) == 1
    shown = capsys.readouterr().out
    assert "problem: [fe80::1]:50000 -> [fe80::2]:60000 stays closed: no CLIENT_HANDSHAKE_TRAFFIC_SECRET" in shown
