"""`service.pki.hardware`: keys in a token (softhsm2) sign and agree as keys in memory do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pkcs11.util.ec import encode_named_curve_parameters

from iso15118.errors import LocalError
from iso15118.messages.v20.certificate import ECDHCurve
from iso15118.pki.keys import SECP256R1, SECP521R1
from iso15118.pki.signer import verifies
from iso15118.service.pki.hardware import Token

LIBRARIES = [Path(f"/usr/lib/{part}softhsm/libsofthsm2.so") for part in ("", "x86_64-linux-gnu/", "aarch64-linux-gnu/")]
LIBRARY = next((path for path in LIBRARIES if path.exists()), LIBRARIES[0])
CURVES = {SECP521R1: ec.SECP521R1(), SECP256R1: ec.SECP256R1()}
pytestmark = pytest.mark.skipif(shutil.which("softhsm2-util") is None, reason="softhsm2 is not installed (.ci/run does it)")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """A token with a pair of keys a curve, and one on a curve of no profile."""
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        for label in ("car", "van"):
            words = f"softhsm2-util --init-token --free --label {label} --so-pin 1234 --pin 5678"
            subprocess.run(words.split(), check=True, capture_output=True)
        library = pkcs11.lib(str(LIBRARY))
        library.reinitialize()
        with library.get_token(token_label="car").open(user_pin="5678", rw=True) as session:
            for name in (*CURVES, "secp384r1"):
                kind = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(name)}
                may = pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY | pkcs11.MechanismFlag.DERIVE
                session.create_domain_parameters(pkcs11.KeyType.EC, kind, local=True).generate_keypair(
                    store=True, label=name, capabilities=may
                )
        with Token(LIBRARY, "car", "5678") as opened:
            yield opened


@pytest.mark.parametrize("curve", CURVES)
def test_it_signs_raw(token: Token, curve: str) -> None:
    key = token.key(curve)
    signature = key.sign(b"said")
    assert verifies(key.public, signature, b"said")
    assert not verifies(key.public, signature, b"not said")


@pytest.mark.parametrize("curve", CURVES)
def test_it_agrees_on_the_same_secret(token: Token, curve: str) -> None:
    key, other = token.key(curve), ec.generate_private_key(CURVES[curve])
    assert isinstance(key.public, ec.EllipticCurvePublicKey)
    assert key.agree(other.public_key()) == other.exchange(ec.ECDH(), key.public)


def test_it_takes_the_place_of_a_provisioning_key(token: Token) -> None:
    assert token.key(SECP521R1).curve is ECDHCurve.SECP521
    with pytest.raises(LocalError, match="secp256r1; allowed: secp521r1"):
        _ = token.key(SECP256R1).curve


def test_what_is_not_in_the_token(token: Token) -> None:
    with pytest.raises(LocalError, match="no key 'fly'; allowed: one pair of that label"):
        token.key("fly")
    with pytest.raises(LocalError, match="key 'secp384r1' is on another curve"):
        token.key("secp384r1")
    with pytest.raises(LocalError, match="a key of another curve; allowed: secp521r1"):
        token.key(SECP521R1).agree(ec.generate_private_key(ec.SECP256R1()).public_key())


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    ("library", "label", "pin", "told"),
    [
        (LIBRARY, "bus", "5678", "no token 'bus'"),
        (LIBRARY, "van", "8765", "the PIN does not open token 'van'"),
        (LIBRARY, "van", "1", "the PIN does not open token 'van'"),
        (LIBRARY, "car", "5678", "token 'car' is open already"),
        (Path("/nowhere.so"), "car", "5678", "allowed: the PKCS#11 library of the token"),
    ],
)
def test_a_token_that_does_not_open(library: Path, label: str, pin: str, told: str) -> None:
    with pytest.raises(LocalError, match=told):
        Token(library, label, pin)


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(LocalError, match=r"pip install 'chargeloop\[pkcs11\]'"):
        Token(LIBRARY, "car", "5678")
