"""`pki.chain` and cross certificates: another root's word, under a root that is trusted; and circles, which end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from iso15118.pki.chain import ChainError, Reason, verify
from iso15118.pki.keys import ED448, SECP521R1
from iso15118.pki.profiles import profiles
from iso15118.pki.tree import Member, Tree, issue, make_tree
from iso15118.pki.trust import Purpose, TrustStore
from iso15118.value import replace

NOW = datetime(2026, 12, 1, tzinfo=UTC)
OTHER = "Another V2G Root CA"


def cross(above: Member, below: Member, name: str, length: int | None = 2) -> bytes:
    """A root's word for another root: its name and key, as an authority below."""
    profile = replace(profiles()["v2g_root"], cn=name, path_length=length, issuer="v2g_root")
    return issue(profile, below.key.public_key(), now=NOW, names={}, issuer=above).public_bytes(Encoding.DER)


def refused(chain: tuple[bytes, ...], store: TrustStore) -> Reason | None:
    try:
        verify(chain, Purpose.SECC, store, NOW)
    except ChainError as error:
        return error.reason
    return None


@pytest.fixture(scope="module", params=[SECP521R1, ED448])
def trees(request: pytest.FixtureRequest) -> tuple[Tree, Tree]:
    return make_tree(request.param, now=NOW), make_tree(request.param, now=NOW, changes={"v2g_root": {"cn": OTHER}})


def test_a_cross_certificate_leads_to_a_trusted_root(trees: tuple[Tree, Tree]) -> None:
    ours, other = trees
    trusted = TrustStore(v2g=(ours["v2g_root"].der,))
    chain = (*other["secc"].chain, cross(ours["v2g_root"], other["v2g_root"], OTHER))
    assert len(chain) == 4
    assert refused(other["secc"].chain, trusted) is Reason.NO_ANCHOR
    assert refused(chain, trusted) is None
    assert refused(chain, TrustStore(v2g=(other["v2g_root"].der,))) is Reason.NO_ANCHOR  # a chain is followed as it is shown


@pytest.mark.parametrize(("length", "reason"), [(None, None), (2, None), (1, Reason.PROFILE), (0, Reason.PROFILE)])
def test_it_is_bound_by_its_path_length(trees: tuple[Tree, Tree], length: int | None, reason: Reason | None) -> None:
    ours, other = trees
    chain = (*other["secc"].chain, cross(ours["v2g_root"], other["v2g_root"], OTHER, length))
    assert refused(chain, TrustStore(v2g=(ours["v2g_root"].der,))) is reason


def test_two_roots_that_vouch_for_each_other_lead_nowhere(trees: tuple[Tree, Tree]) -> None:
    ours, other = trees
    there, back = cross(ours["v2g_root"], other["v2g_root"], OTHER), cross(other["v2g_root"], ours["v2g_root"], "V2G Root CA")
    untrusted = TrustStore(v2g=(make_tree(ED448, now=NOW)["v2g_root"].der,))
    for chain in ((other["secc"].der, there, back, there), (other["secc"].der, back, there), (*other["secc"].chain, there, back)):
        assert refused(chain, untrusted) is not None
