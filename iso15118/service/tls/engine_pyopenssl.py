"""The engine over pyOpenSSL, an extra: for a Python whose ssl module is linked to an OpenSSL that cannot be reached.

It meets the profile but for two things: a car cannot name the roots it trusts, and a charger shows its first chain whatever is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from iso15118.errors import LocalError
from iso15118.pki.tls_profile import DEPTH, STRICT
from iso15118.service.tls.engine import ALERTS, Credentials, Outcome, TlsError
from iso15118.service.tls.held import held_against

READ: Final = 64 * 1024
_ALERT, _READS = 0x4000, 0x04


class PyOpenSslEngine:
    """Raises LocalError where the extra is not installed, or is not as it is known."""

    name = "pyopenssl"
    sends_every_staple = False
    reads_every_staple = False
    gives_no_tickets = False
    """It gives some that are of no use: there is no cache they would be found in. The library has no way to give none."""
    names_roots = False

    def __init__(self) -> None:
        try:
            from OpenSSL import SSL
            from OpenSSL._util import ffi, lib
        except ImportError:
            raise LocalError("pyOpenSSL is not installed; allowed: pip install 'chargeloop[pyopenssl]'") from None
        if not all(hasattr(lib, name) for name in ("SSL_CTX_set1_curves_list", "SSL_CTX_set1_sigalgs_list")):
            raise LocalError("this pyOpenSSL does not hand out groups and signature algorithms")
        try:
            ffi.callback("void()", lambda: None)
        except MemoryError:
            raise LocalError("pyOpenSSL makes code at run time, which this process must not; allowed: MemoryDenyWriteExecute=no") from None
        self.version = SSL.SSLeay_version(0).decode()

    def context(self, credentials: Credentials, *, server: bool) -> PyOpenSslContext:
        """Raises LocalError for credentials that are no such."""
        return PyOpenSslContext(credentials, server=server)


class PyOpenSslContext:
    """One context, with the first chain."""

    def __init__(self, credentials: Credentials, *, server: bool) -> None:
        from OpenSSL import SSL

        if not credentials.chains or not credentials.anchors:
            raise LocalError("TLS without a certificate of our own, or without a root to trust; allowed: both [V2G20-1264]")
        if credentials.profile.version != STRICT.version:
            raise LocalError(f"the profile {credentials.profile.name} with pyOpenSSL; allowed: the engine of Python's ssl module")
        self.credentials = credentials
        self.server = server
        self.staples = credentials.chains[0].staples
        self.context = context = SSL.Context(SSL.TLS_SERVER_METHOD if server else SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        context.set_max_proto_version(SSL.TLS1_3_VERSION)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_CIPHER_SERVER_PREFERENCE)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_verify_depth(DEPTH)
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._judge)
        self._limit(SSL)
        self._trust()
        self._identify(SSL)
        if credentials.key_log:
            context.set_keylog_callback(self._log)
        if server:
            context.set_ocsp_server_callback(lambda connection, data: self.staples[0] if self.staples else b"")
        else:
            context.set_ocsp_client_callback(self._check)
        context.set_info_callback(_heard)

    def session(self) -> PyOpenSslSession:
        """A fresh one."""
        return PyOpenSslSession(self)

    def renew(self, staples: Sequence[tuple[bytes, ...]]) -> None:
        """Other staples from now on."""
        self.staples = staples[0]

    def _limit(self, ssl: Any) -> None:
        from OpenSSL._util import lib

        wanted, at = self.credentials.profile, self.context._context
        try:
            self.context.set_tls13_ciphersuites(":".join(wanted.suites).encode())
        except ssl.Error:
            raise LocalError(f"this OpenSSL does not know all of the suites {', '.join(wanted.suites)}") from None
        for names, setter, what in (
            (wanted.groups, lib.SSL_CTX_set1_curves_list, "groups"),
            (wanted.signatures, lib.SSL_CTX_set1_sigalgs_list, "signature algorithms"),
        ):
            if setter(at, ":".join(names).encode()) != 1:
                lib.ERR_clear_error()
                raise LocalError(f"this OpenSSL does not know all of the {what} {', '.join(names)}")

    def _trust(self) -> None:
        from OpenSSL import crypto

        store, authorities = self.context.get_cert_store(), []
        if store is None:
            raise LocalError("a TLS context without a store of certificates")
        for anchor in self.credentials.anchors:
            certificate = crypto.X509.from_cryptography(_certificate(anchor))
            store.add_cert(certificate)
            authorities.append(certificate.get_subject())
        for der in self.credentials.crls:
            try:
                store.add_crl(x509.load_der_x509_crl(der))
            except ValueError:
                raise LocalError("no revocation list: octets of something else") from None
        store.set_flags(crypto.X509StoreFlags.X509_STRICT | (crypto.X509StoreFlags.CRL_CHECK if self.credentials.crls else 0))
        if self.server:
            self.context.set_client_ca_list(authorities)

    def _identify(self, ssl: Any) -> None:
        chain = self.credentials.chains[0]
        leaf, *subs = [_certificate(der) for der in chain.certificates]
        try:
            self.context.use_certificate(leaf)
            for sub in subs:
                self.context.add_extra_chain_cert(sub)
            self.context.use_privatekey(load_der_private_key(chain.key, None))  # type: ignore[arg-type]
            self.context.check_privatekey()
        except (ssl.Error, ValueError):
            raise LocalError("the private key is not that of the certificate") from None

    def _log(self, connection: Any, line: bytes) -> None:
        with Path(self.credentials.key_log).open("ab") as file:
            file.write(line + b"\n")

    def _judge(self, connection: Any, certificate: Any, error: int, depth: int, good: int) -> bool:
        """A leaf is for this by its own words."""
        session: PyOpenSslSession = connection.get_app_data()
        if not good:
            session.verdict = session.verdict or _WORDS.get(error, f"certificate error {error}")
            return False
        if depth or not self.credentials.profile.usage:
            return True
        wanted = ExtendedKeyUsageOID.CLIENT_AUTH if self.server else ExtendedKeyUsageOID.SERVER_AUTH
        with suppress(x509.ExtensionNotFound):
            if wanted in certificate.to_cryptography().extensions.get_extension_for_class(x509.ExtendedKeyUsage).value:
                return True
        session.verdict = "unsuitable certificate purpose"
        return False

    def _check(self, connection: Any, staple: bytes, data: Any) -> bool:
        session: PyOpenSslSession = connection.get_app_data()
        chain = [der(certificate) for certificate in connection.get_peer_cert_chain() or ()]
        session.staples = held_against(chain, (staple,), self.credentials)
        leaf = session.staples[0] if session.staples else "none"
        if not leaf or (leaf == "none" and not self.credentials.staple_needed):
            return True
        session.verdict = f"OCSP of the charger's certificates: {', '.join(held or 'good' for held in session.staples)}"
        return False


class PyOpenSslSession:
    """One connection between two memories."""

    def __init__(self, context: PyOpenSslContext) -> None:
        from OpenSSL import SSL

        self._ssl: Any = SSL
        self._context = context
        self._tls = SSL.Connection(context.context)
        self._tls.set_app_data(self)
        if context.server:
            self._tls.set_accept_state()
        else:
            self._tls.set_connect_state()
            self._tls.request_ocsp()
        self._began, self._seconds = time.perf_counter(), 0.0
        self._peer: tuple[bytes, ...] = ()
        self._established = False
        self._error = ""
        self.staples: tuple[str, ...] = ()
        self.verdict = ""
        self.alert_sent = self.alert_got = ""

    def feed(self, octets: bytes) -> None:
        if octets:
            self._tls.bio_write(octets)

    def outgoing(self) -> bytes:
        found = b""
        with suppress(self._ssl.WantReadError):
            while True:
                found += self._tls.bio_read(READ)
        return found

    def handshake(self) -> bool:
        try:
            self._tls.do_handshake()
        except self._ssl.WantReadError:
            return False
        except self._ssl.Error as error:
            raise self._failed(error) from None
        leaf = self._tls.get_peer_certificate()
        above = [der(certificate) for certificate in self._tls.get_peer_cert_chain() or ()]
        first = () if leaf is None else (der(leaf),)
        self._peer = (*first, *(each for each in above if each not in first))
        self._established, self._seconds = True, time.perf_counter() - self._began
        return True

    def outcome(self) -> Outcome:
        return Outcome(
            "pyopenssl",
            self._tls.get_protocol_version_name() if self._established else "",
            (self._tls.get_cipher_name() or "") if self._established else "",
            self._peer,
            self.staples,
            (),
            self.alert_sent,
            self.alert_got,
            self._error,
            self._seconds or time.perf_counter() - self._began,
        )

    def read(self) -> bytes | None:
        try:
            found: bytes = self._tls.recv(READ)
        except self._ssl.WantReadError:
            return b""
        except self._ssl.ZeroReturnError:
            return None
        except self._ssl.Error as error:
            raise self._failed(error) from None
        return found

    def write(self, octets: bytes) -> None:
        try:
            self._tls.send(octets)
        except self._ssl.Error as error:
            raise self._failed(error) from None

    def close(self) -> None:
        with suppress(self._ssl.Error):
            self._tls.shutdown()

    def _failed(self, error: Exception) -> TlsError:
        reasons = [words[-1] for words in error.args[0]] if error.args and isinstance(error.args[0], list) else []
        words = self.verdict or (reasons[0] if reasons else type(error).__name__)
        if self._established and self.alert_got and not self._context.server:
            words = f"the charger refuses our certificate: {self.alert_got}"
        self._error = self._error or words
        return TlsError(f"TLS: {self.outcome()}", requirement="V2G20-1264")


_WORDS: Final = {
    9: "certificate is not yet valid",
    10: "certificate has expired",
    20: "unable to get local issuer certificate",
    23: "certificate revoked",
    25: "path length constraint exceeded",
    26: "unsuitable certificate purpose",
    79: "invalid CA certificate",
}
"""Of X509_V_ERR_..., as OpenSSL says them."""


def der(certificate: Any) -> bytes:
    """The octets of a certificate of pyOpenSSL."""
    found: bytes = certificate.to_cryptography().public_bytes(Encoding.DER)
    return found


def _certificate(octets: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(octets)
    except ValueError:
        raise LocalError("no certificate: octets of something else") from None


def _heard(connection: Any, where: int, result: int) -> None:
    session: PyOpenSslSession | None = connection.get_app_data()
    if session is not None and where & _ALERT:
        alert = ALERTS.get(result & 0xFF, str(result & 0xFF))
        if where & _READS:
            session.alert_got = alert
        else:
            session.alert_sent = alert
