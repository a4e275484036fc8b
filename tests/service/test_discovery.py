from __future__ import annotations

import asyncio

import pytest

from iso15118.errors import PeerError
from iso15118.service.discovery import SdpServer, discover, serve_sdp
from iso15118.service.links import Link, link, udp_socket
from iso15118.service.virtual import run
from iso15118.wire.sdp import SdpRequest, SdpResponse, Security, Transport, decode_response

LO = link("lo")
FAR = ("fe80::1", 40000, 0, 7)
ETH = Link("eth7", 7, bytes.fromhex("fe80000000000000000000000000abcd"))


def free_udp_port() -> int:
    with udp_socket(LO, 0) as sock:
        return int(sock.getsockname()[1])


class Wire(asyncio.DatagramTransport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[bytes, object]] = []

    def sendto(self, data: object, addr: object = None) -> None:
        assert isinstance(data, bytes)
        self.sent.append((data, addr))


def server(**words: int) -> tuple[SdpServer, Wire]:
    it, wire = SdpServer(ETH, **words), Wire()
    it.connection_made(wire)
    return it, wire


async def test_a_car_finds_the_charger_on_loopback() -> None:
    port = free_udp_port()
    transport = await serve_sdp(SdpServer(LO, plain_port=55555), LO, port=port)
    try:
        found = await asyncio.wait_for(discover(LO, security=Security.NONE, port=port), 5)
    finally:
        transport.close()
    assert found == SdpResponse(LO.address, 55555, Security.NONE)


@pytest.mark.case("SDP-01")
def test_answers_go_to_the_sender_with_own_address_and_port() -> None:
    async def main() -> None:
        it, wire = server(plain_port=50000)
        it.datagram_received(SdpRequest(Security.NONE).to_datagram(), FAR)
        it.datagram_received(SdpRequest(Security.TLS).to_datagram(), FAR)
        assert [decode_response(data) for data, _ in wire.sent] == [SdpResponse(ETH.address, 50000, Security.NONE)] * 2
        assert {addr for _, addr in wire.sent} == {FAR}

    run(main())


@pytest.mark.case("SDP-01", "SDP-02")
def test_with_tls_it_is_announced() -> None:
    async def main() -> None:
        it, wire = server(tls_port=50001)
        it.datagram_received(SdpRequest(Security.NONE).to_datagram(), FAR)
        assert decode_response(wire.sent[0][0]) == SdpResponse(ETH.address, 50001, Security.TLS)

    run(main())


@pytest.mark.case("V2G-05", "SDP-03", "SDP-04", "SDP-08")
@pytest.mark.parametrize(
    ("data", "source"),
    [
        (b"", FAR),
        (b"\x01\xfe\x90\x00\x00\x00\x00\x02\x00", FAR),
        (b"\x01\xfe\x90\x01\x00\x00\x00\x02\x00\x00", FAR),
        (b"\x01\xfe\x90\x00\x00\x00\x00\x02\x77\x00", FAR),
        (SdpRequest(Security.NONE, Transport.UDP).to_datagram(), FAR),
        (SdpRequest().to_datagram(), ("fe80::1", 40000, 0, 8)),  # another interface's car
        (SdpRequest().to_datagram(), ("2001:db8::1", 40000, 0, 0)),
        (SdpRequest().to_datagram(), ("::1", 40000, 0, 0)),
    ],
)
def test_no_answer_but_a_line(data: bytes, source: tuple[str, int, int, int], caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> list[object]:
        it, wire = server(plain_port=50000)
        it.datagram_received(data, source)
        return list(wire.sent)

    assert run(main()) == []
    assert len(caplog.records) == 1


@pytest.mark.case("V2G-02", "V2G-03", "V2G-04", "V2G-05", "SDP-03", "SDP-04", "SDP-05")
@pytest.mark.parametrize(
    "data",
    [
        pytest.param("02fd9000000000020000", id="version 2"),
        pytest.param("01fd9000000000020000", id="inverse version"),
        pytest.param("01fe9000000000010000", id="length smaller"),
        pytest.param("01fe9000000000030000", id="length larger"),
        pytest.param(SdpResponse(ETH.address, 50000).to_datagram().hex(), id="a response"),
        pytest.param("01fe9000000000020100", id="reserved security"),
        pytest.param("01fe9000000000020010", id="reserved transport"),
        pytest.param("01fe90000000000100", id="one octet"),
        pytest.param("01fe900000000003000000", id="three octets"),
    ],
)
def test_a_bad_request_gets_no_answer_and_the_next_good_one_does(data: str) -> None:
    async def main() -> None:
        it, wire = server(plain_port=50000)
        it.datagram_received(bytes.fromhex(data), FAR)
        assert wire.sent == []
        await asyncio.sleep(2.0)
        assert wire.sent == []
        it.datagram_received(SdpRequest(Security.NONE).to_datagram(), FAR)
        assert [decode_response(octets) for octets, _ in wire.sent] == [SdpResponse(ETH.address, 50000, Security.NONE)]

    run(main())


@pytest.mark.case("SDP-06")
def test_fifty_requests_of_several_cars_within_a_second_are_all_answered_alike() -> None:
    async def main() -> list[bytes]:
        it, wire = server(plain_port=50000)
        for turn in range(10):
            for car in range(5):
                it.datagram_received(SdpRequest().to_datagram(), (f"fe80::{car + 1}", 40000, 0, FAR[3]))
            await asyncio.sleep(0.1 if turn < 9 else 0.0)
        return [data for data, _ in wire.sent]

    answers = run(main())
    assert len(answers) == 50
    assert len(set(answers)) == 1


def test_a_flood_is_throttled_and_its_log_too(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> int:
        it, wire = server(plain_port=50000)
        for _ in range(10):
            for _ in range(1000):
                it.datagram_received(SdpRequest().to_datagram(), FAR)
                it.datagram_received(b"rubbish", FAR)
            await asyncio.sleep(0.1)
        return len(wire.sent)

    assert 5 <= run(main()) <= 25
    assert len(caplog.records) <= 100  # the log's clock is the real one


async def test_a_search_gives_up_where_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iso15118.wire.sdp.WAIT", 0.001)
    with pytest.raises(PeerError, match="no charger has answered 50 requests on lo"):
        await asyncio.wait_for(discover(LO, port=free_udp_port()), 20)


async def test_a_search_ignores_what_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iso15118.wire.sdp.WAIT", 0.001)

    class Liar(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: object) -> None:
            self.transport.sendto(SdpResponse(bytes.fromhex("20010db8" + "00" * 12), 50000).to_datagram(), addr)  # type: ignore[attr-defined]

    sock = udp_socket(LO, 0)
    port = sock.getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Liar, sock=sock)
    try:
        with pytest.raises(PeerError, match="not link-local"):
            await asyncio.wait_for(discover(LO, port=port), 20)
    finally:
        transport.close()
