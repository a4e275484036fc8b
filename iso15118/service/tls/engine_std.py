"""The engine over Python's ssl module, with what that does not hand out called in its OpenSSL (`openssl`).

Only TLS 1.3, both certificates, no tickets, no early data. The charger's side staples its response about revocation and chooses the chain
under a root that the car has named [V2G20-1007]; the car's side names its roots [V2G20-1006] and checks the staple before it goes on.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from weakref import WeakValueDictionary

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from iso15118.errors import LocalError
from iso15118.pki.tls_profile import DEPTH, SECOND, STRICT
from iso15118.service.tls import openssl
from iso15118.service.tls.engine import ALERTS, Credentials, Outcome, TlsError
from iso15118.service.tls.held import held_against
from iso15118.service.tls.openssl import Library, callback

READ: Final = 64 * 1024
_OURS: Final = "chargeloop"
"""Where `_heard` finds the session of a connection."""
_ALERT, _HANDSHAKE, _CERTIFICATE = 21, 22, 11
_VERSIONS: Final = {STRICT.version: ssl.TLSVersion.TLSv1_3, SECOND.version: ssl.TLSVersion.TLSv1_2}


class StdEngine:
    """Raises LocalError where Python's ssl module does not let it."""

    name = "ssl"
    sends_every_staple = False
    """OpenSSL before 3.6 sends the leaf's."""
    reads_every_staple = True
    gives_no_tickets = True
    names_roots = True

    def __init__(self) -> None:
        self._library = Library.find()
        self.version = ssl.OPENSSL_VERSION

    def context(self, credentials: Credentials, *, server: bool) -> StdContext:
        """Raises LocalError for credentials that are no such."""
        return StdContext(self._library, credentials, server=server)


class StdContext:
    """One SSL_CTX for the first chain, and one more for each other one."""

    def __init__(self, library: Library, credentials: Credentials, *, server: bool) -> None:
        if not credentials.chains or not credentials.anchors:
            raise LocalError("TLS without a certificate of our own, or without a root to trust; allowed: both [V2G20-1264]")
        self.library = library
        self.credentials = credentials
        self.server = server
        self.sessions: WeakValueDictionary[int, StdSession] = WeakValueDictionary()
        """Those whose handshake goes on, by their SSL."""
        self.staples = [chain.staples for chain in credentials.chains]
        self._roots = [chain.root for chain in credentials.chains]
        self._subjects = [x509.load_der_x509_certificate(anchor).subject.public_bytes() for anchor in credentials.anchors]
        refused = openssl.NOT_STAPLED if server else openssl.REFUSED
        # Callbacks live as long as the contexts: C holds no reference.
        self._status = callback(self._staple if server else self._check, refused)
        self._choice = callback(self._choose, 0)
        self._judge = openssl.verifying(self._meant)
        self.contexts = [self._made(number) for number in range(len(credentials.chains))]

    def session(self) -> StdSession:
        """A fresh one."""
        return StdSession(self)

    def renew(self, staples: Sequence[tuple[bytes, ...]]) -> None:
        """Other staples from now on."""
        self.staples = list(staples)

    def _made(self, number: int) -> ssl.SSLContext:
        lib, chain, wanted = self.library, self.credentials.chains[number], self.credentials.profile
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if self.server else ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # a charger is known by its chain, not by a name
        asks = wanted.mutual or not self.server
        context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
        context.minimum_version = context.maximum_version = _VERSIONS[wanted.version]
        context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        if self.server:
            context.num_tickets = 0
        if self.credentials.key_log:
            context.keylog_filename = self.credentials.key_log
        context._msg_callback = _heard  # type: ignore[attr-defined]
        at = lib.of(context)
        if wanted is SECOND:
            context.set_ciphers(":".join(wanted.suites))
        elif lib.SSL_CTX_set_ciphersuites(at, ":".join(wanted.suites).encode()) != 1:
            raise LocalError(f"this OpenSSL does not know all of the suites {', '.join(wanted.suites)}")
        lib.must(at, openssl.GROUPS, wanted.groups, "groups")
        lib.must(at, openssl.SIGNATURES, wanted.signatures, "signature algorithms")
        lib.must(at, openssl.CLIENT_SIGNATURES, wanted.signatures, "signature algorithms")
        lib.SSL_CTX_set_verify_depth(at, DEPTH)
        if wanted.usage and asks:
            lib.SSL_CTX_set_verify(at, openssl.VERIFY, self._judge)
        self._trust(context, at)
        self._identify(at, chain)
        lib.SSL_CTX_set0_CA_list(at, lib.names(self._subjects))
        lib.SSL_CTX_callback_ctrl(at, openssl.STATUS_CALLBACK, self._status)
        if self.server:
            lib.SSL_CTX_set_cert_cb(at, self._choice, None)
        else:
            lib.SSL_CTX_ctrl(at, openssl.STATUS_TYPE, openssl.OCSP, None)
        return context

    def _trust(self, context: ssl.SSLContext, at: int) -> None:
        lib = self.library
        store = lib.SSL_CTX_get_cert_store(at)
        for anchor in self.credentials.anchors:
            found = lib.read("d2i_X509", anchor, "root certificate")
            lib.X509_STORE_add_cert(store, found)
            lib.X509_free(found)
        for der in self.credentials.crls:
            found = lib.read("d2i_X509_CRL", der, "revocation list")
            lib.X509_STORE_add_crl(store, found)
            lib.X509_CRL_free(found)
        if self.credentials.crls:
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF

    def _identify(self, at: int, chain: Any) -> None:
        """Our certificate, the sub-CAs above it and the key. Raises LocalError where they do not belong together."""
        lib = self.library
        leaf, *subs = [lib.read("d2i_X509", der, "certificate") for der in chain.certificates]
        key = lib.read("d2i_AutoPrivateKey", chain.key, "private key")
        lib.SSL_CTX_use_certificate(at, leaf)
        fits = lib.SSL_CTX_use_PrivateKey(at, key) == 1 and lib.SSL_CTX_check_private_key(at) == 1
        for sub in subs:
            lib.SSL_CTX_ctrl(at, openssl.CHAIN_CERTIFICATE, 1, sub)  # counted up: we free ours
            lib.X509_free(sub)
        lib.X509_free(leaf)
        lib.EVP_PKEY_free(key)
        if not fits:
            lib.ERR_clear_error()
            raise LocalError("the private key is not that of the certificate")

    # Called from C, in the thread of the handshake.

    def _choose(self, at: int) -> int:
        """A chain under a root that the car has named; where it has named none, the first; where none is ours, no [V2G20-2379]."""
        lib = self.library
        named = [lib.octets("i2d_X509_NAME", name) for name in lib.each(lib.SSL_get0_peer_CA_list(at))]
        session = self.sessions[at]
        session.authorities = tuple(named)
        chosen = next((number for number, root in enumerate(self._roots) if root in named), 0 if not named else None)
        if chosen is None:
            session.objection = "no chain of ours ends at a root that the car trusts"
            lib.SSL_certs_clear(at)  # told as handshake_failure
            return 1
        session.chain = chosen
        if chosen:
            lib.SSL_set_SSL_CTX(at, lib.of(self.contexts[chosen]))
        return 1

    def _meant(self, store: int) -> bool:
        """Is the peer's leaf for this, by its own words? An OEM provisioning certificate is not [V2G20-2342]."""
        lib = self.library
        if lib.X509_STORE_CTX_get_error_depth(store):
            return True
        leaf = x509.load_der_x509_certificate(lib.octets("i2d_X509", lib.X509_STORE_CTX_get_current_cert(store)))
        wanted = ExtendedKeyUsageOID.CLIENT_AUTH if self.server else ExtendedKeyUsageOID.SERVER_AUTH
        with suppress(x509.ExtensionNotFound):
            if wanted in leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value:
                return True
        lib.X509_STORE_CTX_set_error(store, openssl.INVALID_PURPOSE)
        return False

    def _staple(self, at: int) -> int:
        staples = self.staples[self.sessions[at].chain]
        if not staples:
            return openssl.NOT_STAPLED
        self.library.staple(at, staples[0])
        return openssl.STAPLED

    def _check(self, at: int) -> int:
        """The leaf's staple has to be there and good; those of the sub-CAs, where the charger's library can send them, good."""
        lib, session = self.library, self.sessions[at]
        chain = [lib.octets("i2d_X509", each) for each in lib.each(lib.SSL_get_peer_cert_chain(at))]
        others = session.further[1:]
        session.staples = held_against(chain, [lib.stapled(at), *others], self.credentials)
        leaf, *above = session.staples or ("none",)
        good = not leaf or (leaf == "none" and not self.credentials.staple_needed)
        if good and all(not held or held == "none" for held in above):
            return openssl.ACCEPTED
        session.objection = f"OCSP of the charger's certificates: {', '.join(held or 'good' for held in session.staples)}"
        return openssl.REFUSED


class StdSession:
    """One SSLObject between two memories."""

    def __init__(self, context: StdContext) -> None:
        self._context = context
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.contexts[0].wrap_bio(self._in, self._out, server_side=context.server)
        setattr(self._tls, _OURS, self)
        self._at = context.library.session_of(self._tls)
        context.sessions[self._at] = self
        self._began = time.perf_counter()
        self._seconds = 0.0
        self._peer: tuple[bytes, ...] = ()
        self._established = False
        self._error = ""
        self.chain = 0
        self.authorities: tuple[bytes, ...] = ()
        self.staples: tuple[str, ...] = ()
        self.further: tuple[bytes, ...] = ()
        """Staples of all certificates, as they stand in the Certificate message."""
        self.alert_sent = self.alert_got = ""
        self.objection = ""
        """What we hold against the peer, where the library has no words for it."""

    def feed(self, octets: bytes) -> None:
        self._in.write(octets)

    def outgoing(self) -> bytes:
        return self._out.read()

    def handshake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except (ssl.SSLError, OSError) as error:
            raise self._failed(error) from None
        lib, leaf = self._context.library, self._tls.getpeercert(binary_form=True) or b""
        above = [lib.octets("i2d_X509", each) for each in lib.each(lib.SSL_get_peer_cert_chain(self._at))]
        self._peer = (leaf, *(each for each in above if each != leaf)) if leaf else ()
        self._established = True
        self._seconds = time.perf_counter() - self._began
        self._context.sessions.pop(self._at, None)
        return True

    def outcome(self) -> Outcome:
        cipher = self._tls.cipher()
        return Outcome(
            "ssl",
            (self._tls.version() or "") if self._established else "",
            cipher[0] if self._established and cipher else "",
            self._peer,
            self.staples,
            self.authorities,
            self.alert_sent,
            self.alert_got,
            self._error,
            self._seconds or time.perf_counter() - self._began,
        )

    def read(self) -> bytes | None:
        try:
            return self._tls.read(READ)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:
            return None
        except (ssl.SSLError, OSError) as error:
            raise self._failed(error) from None

    def write(self, octets: bytes) -> None:
        try:
            self._tls.write(octets)
        except (ssl.SSLError, OSError) as error:
            raise self._failed(error) from None

    def close(self) -> None:
        with suppress(ssl.SSLError, OSError, ValueError):
            self._tls.unwrap()

    def _failed(self, error: Exception) -> TlsError:
        """What went wrong, in words."""
        reason = getattr(error, "reason", None) or type(error).__name__
        told = getattr(error, "verify_message", "")
        words = told or reason.replace("_", " ").lower()
        if self._established and self.alert_got and not self._context.server:
            words = f"the charger refuses our certificate: {self.alert_got}"  # a car is through before the charger has looked
        self._error = self._error or self.objection or words
        return TlsError(f"TLS: {self.outcome()}", requirement="V2G20-1264")


def _heard(connection: Any, direction: str, version: Any, content: Any, kind: Any, octets: bytes) -> None:
    """Alerts, and the staples of the peer's Certificate message: the library keeps the first only."""
    session: StdSession | None = getattr(connection, _OURS, None)
    if session is None:
        return
    if content == _ALERT and len(octets) == 2:
        alert = ALERTS.get(octets[1], str(octets[1]))
        if direction == "write":
            session.alert_sent = alert
        else:
            session.alert_got = alert
    elif (content, kind, direction, version) == (_HANDSHAKE, _CERTIFICATE, "read", ssl.TLSVersion.TLSv1_3):
        with suppress(IndexError, ValueError):
            session.further = staples_in(octets)


def staples_in(message: bytes) -> tuple[bytes, ...]:
    """The OCSP responses of a Certificate message of TLS 1.3 (RFC 8446 section 4.4.2), one a certificate; empty where there is none."""
    place = 4 + 1 + message[4]
    end = place + 3 + int.from_bytes(message[place : place + 3])
    place, found = place + 3, list[bytes]()
    while place < end:
        place += 3 + int.from_bytes(message[place : place + 3])
        stop = place + 2 + int.from_bytes(message[place : place + 2])
        place, staple = place + 2, b""
        while place < stop:
            kind, length = int.from_bytes(message[place : place + 2]), int.from_bytes(message[place + 2 : place + 4])
            place += 4
            if kind == 5 and length > 4 and message[place] == openssl.OCSP:
                staple = bytes(message[place + 4 : place + length])
            place += length
        found.append(staple)
    return tuple(found)
