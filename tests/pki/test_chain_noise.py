"""`pki.chain` and `pki.ocsp` under noise: octets changed, lost, put in and copied. None is believed, and nothing but a reason is raised."""

from __future__ import annotations

import random

import pytest

from iso15118.pki.chain import ChainError, verify
from iso15118.pki.ocsp import objection
from iso15118.pki.tree import Tree
from iso15118.pki.trust import Purpose, TrustStore

ROUNDS = 600
"""A curve. 32,000 were tried once; the keys, and so the octets, are others each time."""


def noisy(octets: bytes, chance: random.Random) -> bytes:
    changed = bytearray(octets)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at, other = chance.randrange(len(changed)), chance.randrange(len(changed))
        match chance.randrange(6):
            case 0:
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at] = chance.randrange(256)
            case 2:
                del changed[at : at + chance.randrange(1, 20)]
            case 3:
                changed[at:at] = chance.randbytes(chance.randrange(1, 20))
            case 4:
                changed[at : at + 4] = changed[other : other + 4]
            case _:
                changed[at] = chance.choice((0x00, 0x80, 0xFF, 0x30, 0x1F))
    return bytes(changed)


@pytest.mark.filterwarnings("ignore:Parsed a")
def test_no_noise_is_believed(tree: Tree) -> None:
    chance, store = random.Random(15118), TrustStore(mo=(tree["mo_root"].der,))
    good = tree["contract"].chain
    verify(good, Purpose.CONTRACT, store, tree.now)
    for number in range(ROUNDS):
        chain = list(good)
        chain[number % 3] = noisy(good[number % 3], chance)
        if tuple(chain) != good:
            with pytest.raises(ChainError):
                verify(chain, Purpose.CONTRACT, store, tree.now)


@pytest.mark.filterwarnings("ignore:Parsed a")
def test_no_noise_says_good(tree: Tree) -> None:
    chance, member = random.Random(20), tree["contract"]
    assert member.issuer is not None
    good = tree.ocsp_response("contract")
    assert not objection(good, member.certificate, member.issuer.certificate, tree.now)
    for _ in range(ROUNDS):
        response = noisy(good, chance)
        assert response == good or objection(response, member.certificate, member.issuer.certificate, tree.now)
