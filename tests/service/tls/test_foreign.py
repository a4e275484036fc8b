"""The charger against the clients of OpenSSL and GnuTLS, the car against their servers, on both curves."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from iso15118.pki.tree import Tree, make_tree
from iso15118.service.tls.choose import engine
from iso15118.service.tls.engine import Outcome
from iso15118.service.tls.link import TlsLink
from iso15118.service.tls.store import of_tree

pytestmark = pytest.mark.waits

PRIORITY = (
    "NONE:+VERS-TLS1.3:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD:+GROUP-SECP521R1:+GROUP-X448:+SIGN-ECDSA-SECP521R1-SHA512:+SIGN-EDDSA-ED448"
)


MINE = "-cert vehicle.leaf -cert_chain vehicle.subs -key vehicle.key"


@pytest.fixture(scope="module", params=["secp521r1", "ed448"])
def tree(request: pytest.FixtureRequest) -> Tree:
    return make_tree(request.param, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def files(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    for role in ("secc", "vehicle"):
        (folder / f"{role}.pem").write_bytes(tree[role].pem_chain)
        (folder / f"{role}.key").write_bytes(tree[role].pem_key())
        (folder / f"{role}.leaf").write_bytes(tree[role].certificate.public_bytes(Encoding.PEM))
        subs = b"".join(member.certificate.public_bytes(Encoding.PEM) for member in tree[role].members[1:])
        (folder / f"{role}.subs").write_bytes(subs)
    for root in ("v2g_root", "oem_root"):
        (folder / f"{root}.pem").write_bytes(tree[root].certificate.public_bytes(Encoding.PEM))
    for number, staple in enumerate(tree.staples("secc")):
        (folder / f"{number}.ocsp").write_bytes(staple)
    return folder


class Echo(asyncio.Protocol):
    """Says again what it hears."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]


@asynccontextmanager
async def charger(tree: Tree, outcomes: list[Outcome]) -> AsyncIterator[int]:
    context = engine().context(of_tree(tree, "secc"), server=True)

    def through(outcome: Outcome) -> asyncio.Protocol | None:
        outcomes.append(outcome)
        return None if outcome.error else Echo()

    server = await asyncio.get_running_loop().create_server(lambda: TlsLink(context.session(), through), "::1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def run(*words: str, cwd: Path, said: bytes = b"") -> str:
    process = await asyncio.create_subprocess_exec(*words, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdin is not None
    process.stdin.write(said)
    await process.stdin.drain()
    await asyncio.sleep(0.3)
    process.stdin.close()
    out, _ = await asyncio.wait_for(process.communicate(), 10)
    return out.decode(errors="replace")


async def test_the_client_of_openssl(tree: Tree, files: Path) -> None:
    outcomes: list[Outcome] = []
    async with charger(tree, outcomes) as port:
        words = f"openssl s_client -connect [::1]:{port} -status -CAfile v2g_root.pem -verify_return_error {MINE}"
        text = await run(*words.split(), cwd=files, said=b"hello there\n")
    assert "Verify return code: 0 (ok)" in text
    assert "OCSP Response Status: successful" in text
    assert "Acceptable client certificate CA names" in text
    assert "hello there" in text
    assert text.count("New Session Ticket") == 0, "no tickets"
    assert outcomes[0].peer == tree["vehicle"].chain


@pytest.mark.case("TLS-05")
async def test_the_client_of_openssl_without_a_certificate(tree: Tree, files: Path) -> None:
    outcomes: list[Outcome] = []
    async with charger(tree, outcomes) as port:
        text = await run("openssl", "s_client", "-connect", f"[::1]:{port}", "-CAfile", "v2g_root.pem", cwd=files)
    assert "alert certificate required" in text
    assert outcomes[0].alert_sent == "certificate_required"


async def test_the_client_of_openssl_in_an_older_version(tree: Tree, files: Path) -> None:
    outcomes: list[Outcome] = []
    async with charger(tree, outcomes) as port:
        text = await run("openssl", "s_client", "-tls1_2", "-connect", f"[::1]:{port}", cwd=files)
    assert "alert protocol version" in text
    assert outcomes[0].alert_sent == "protocol_version"


async def test_the_client_of_gnutls(tree: Tree, files: Path) -> None:
    outcomes: list[Outcome] = []
    async with charger(tree, outcomes) as port:
        words = ["gnutls-cli", "--priority", PRIORITY, "--x509cafile", "v2g_root.pem", "--x509certfile", "vehicle.pem"]
        words += ["--x509keyfile", "vehicle.key", "--verify-hostname", "", "--no-ca-verification", "-p", str(port), "::1"]
        text = await run(*words, cwd=files, said=b"hello there\n")
    assert "Handshake was completed" in text, text
    assert "hello there" in text
    assert outcomes[0].peer == tree["vehicle"].chain


async def test_the_server_of_openssl(tree: Tree, files: Path) -> None:
    words = (
        "openssl s_server -tls1_3 -Verify 3 -verify_return_error -CAfile oem_root.pem -cert secc.leaf -cert_chain secc.subs -key secc.key"
    )
    outcome = await _against([*words.split(), "-status_file", "0.ocsp", "-accept"], "ACCEPT", files, tree)
    assert outcome.error == ""
    assert outcome.peer == tree["secc"].chain


async def test_the_server_of_gnutls_staples_for_every_certificate(tree: Tree, files: Path) -> None:
    words = ["gnutls-serv", "--priority", PRIORITY, "--require-client-cert", "--verify-client-cert", "--x509cafile", "oem_root.pem"]
    words += ["--x509certfile", "secc.pem", "--x509keyfile", "secc.key", "--echo"]
    words += [word for number in range(3) for word in ("--ocsp-response", f"{number}.ocsp")]
    outcome = await _against([*words, "-p"], "Echo Server listening", files, tree)
    assert outcome.error == ""
    assert outcome.staples == ("", "", ""), "one good response for each certificate of the chain"


async def _against(words: list[str], ready: str, files: Path, tree: Tree) -> Outcome:
    """The outcome of our car's handshake with a server that is started so; the port comes last."""
    import socket

    with socket.socket(socket.AF_INET6) as free:
        free.bind(("::1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *words, str(port), cwd=files, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(10):
            while ready not in (await process.stdout.readline()).decode():
                pass
        loop = asyncio.get_running_loop()
        shaken: asyncio.Future[Outcome] = loop.create_future()
        session = engine().context(of_tree(tree, "vehicle"), server=False).session()
        for _ in range(50):
            try:
                await loop.create_connection(lambda: TlsLink(session, lambda outcome: shaken.set_result(outcome), client=True), "::1", port)  # type: ignore[func-returns-value]
                break
            except OSError:
                await asyncio.sleep(0.1)
        return await asyncio.wait_for(shaken, 10)
    finally:
        process.kill()
        await process.wait()
