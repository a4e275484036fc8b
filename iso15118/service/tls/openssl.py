"""The functions of OpenSSL that Python's ssl module does not hand out, called in the very library that it is linked to.

A thin layer: names, types, and memory that OpenSSL owns. What they are for stands in `engine_std`. Where the library or a function is
missing, `Library.find` raises LocalError, and another engine has to serve.
"""

from __future__ import annotations

import ctypes
import ssl
from collections.abc import Callable, Iterator, Sequence
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ulong, c_void_p
from functools import cache
from typing import Any, Final

from iso15118.errors import LocalError

GROUPS: Final = 92
SIGNATURES: Final = 98
CLIENT_SIGNATURES: Final = 102
STATUS_CALLBACK: Final = 63
STATUS_TYPE: Final = 65
STATUS_GET: Final = 70
STATUS_SET: Final = 71
CHAIN_CERTIFICATE: Final = 89
"""Commands of SSL_CTX_ctrl and SSL_ctrl."""
OCSP: Final = 1
"""TLSEXT_STATUSTYPE_ocsp."""
STAPLED, NOT_STAPLED = 0, 3
ACCEPTED, REFUSED = 1, 0
"""What a status callback returns: on the charger's side, on the car's. Refused is told with bad_certificate_status_response."""

VERIFY: Final = 0x01 | 0x02
"""SSL_VERIFY_PEER and SSL_VERIFY_FAIL_IF_NO_PEER_CERT."""
INVALID_PURPOSE: Final = 26
"""X509_V_ERR_INVALID_PURPOSE, told with unsupported_certificate."""

Callback = CFUNCTYPE(c_int, c_void_p, c_void_p)
Verify = CFUNCTYPE(c_int, c_int, c_void_p)
_SIGNATURES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "SSL_CTX_set_ciphersuites": (c_int, (c_void_p, c_char_p)),
    "SSL_CTX_ctrl": (c_long, (c_void_p, c_int, c_long, c_void_p)),
    "SSL_CTX_callback_ctrl": (c_long, (c_void_p, c_int, c_void_p)),
    "SSL_CTX_set_cert_cb": (None, (c_void_p, c_void_p, c_void_p)),
    "SSL_CTX_set0_CA_list": (None, (c_void_p, c_void_p)),
    "SSL_CTX_set_verify": (None, (c_void_p, c_int, c_void_p)),
    "SSL_CTX_set_verify_depth": (None, (c_void_p, c_int)),
    "X509_STORE_CTX_get_error_depth": (c_int, (c_void_p,)),
    "X509_STORE_CTX_get_current_cert": (c_void_p, (c_void_p,)),
    "X509_STORE_CTX_set_error": (None, (c_void_p, c_int)),
    "SSL_CTX_use_certificate": (c_int, (c_void_p, c_void_p)),
    "SSL_CTX_use_PrivateKey": (c_int, (c_void_p, c_void_p)),
    "SSL_CTX_check_private_key": (c_int, (c_void_p,)),
    "SSL_CTX_get_cert_store": (c_void_p, (c_void_p,)),
    "SSL_ctrl": (c_long, (c_void_p, c_int, c_long, c_void_p)),
    "SSL_get0_peer_CA_list": (c_void_p, (c_void_p,)),
    "SSL_get_peer_cert_chain": (c_void_p, (c_void_p,)),
    "SSL_certs_clear": (None, (c_void_p,)),
    "SSL_set_SSL_CTX": (c_void_p, (c_void_p, c_void_p)),
    "X509_STORE_add_crl": (c_int, (c_void_p, c_void_p)),
    "X509_STORE_add_cert": (c_int, (c_void_p, c_void_p)),
    "d2i_X509": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "d2i_X509_CRL": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "d2i_X509_NAME": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "d2i_AutoPrivateKey": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "i2d_X509": (c_int, (c_void_p, POINTER(c_void_p))),
    "i2d_X509_NAME": (c_int, (c_void_p, POINTER(c_void_p))),
    "X509_free": (None, (c_void_p,)),
    "X509_CRL_free": (None, (c_void_p,)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "OPENSSL_sk_new_null": (c_void_p, ()),
    "OPENSSL_sk_push": (c_int, (c_void_p, c_void_p)),
    "OPENSSL_sk_num": (c_int, (c_void_p,)),
    "OPENSSL_sk_value": (c_void_p, (c_void_p, c_int)),
    "CRYPTO_malloc": (c_void_p, (c_size_t, c_char_p, c_int)),
    "CRYPTO_free": (None, (c_void_p, c_char_p, c_int)),
    "OpenSSL_version_num": (c_ulong, ()),
    "ERR_clear_error": (None, ()),
}


class Library:
    """libssl and libcrypto of this process."""

    def __init__(self) -> None:
        import _ssl

        path = getattr(_ssl, "__file__", None)
        if path is None:
            raise LocalError("Python's ssl module is built in: its OpenSSL cannot be reached")
        library = ctypes.CDLL(path)
        for name, (result, arguments) in _SIGNATURES.items():
            try:
                function = getattr(library, name)
            except AttributeError:
                raise LocalError(f"the OpenSSL of Python's ssl module does not hand out {name}") from None
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        if self.OpenSSL_version_num() != ssl.OPENSSL_VERSION_NUMBER:
            raise LocalError("the OpenSSL that is reached is not the one of Python's ssl module")

    def __getattr__(self, name: str) -> Any:  # what `__init__` has found
        raise AttributeError(name)

    @staticmethod
    @cache
    def find() -> Library:
        """The one of this process. Raises LocalError."""
        return Library()

    @staticmethod
    def of(context: ssl.SSLContext) -> int:
        """The SSL_CTX behind a context."""
        address = c_void_p.from_address(id(context) + object.__basicsize__).value
        if address is None:
            raise LocalError("a TLS context without an SSL_CTX")
        return address

    @staticmethod
    def session_of(connection: ssl.SSLObject) -> int:
        """The SSL behind a connection: what follows the pointer to its socket."""
        inner = connection._sslobj  # type: ignore[attr-defined]
        address = c_void_p.from_address(id(inner) + object.__basicsize__ + ctypes.sizeof(c_void_p)).value
        if address is None:
            raise LocalError("a TLS connection without an SSL")
        return address

    def must(self, context: int, command: int, words: Sequence[str], what: str) -> None:
        """Set a list by name. Raises LocalError where the library does not know one."""
        if self.SSL_CTX_ctrl(context, command, 0, ctypes.cast(c_char_p(":".join(words).encode()), c_void_p)) != 1:
            self.ERR_clear_error()
            raise LocalError(f"this OpenSSL does not know all of the {what} {', '.join(words)}")

    def read(self, kind: str, der: bytes, what: str) -> int:
        """The object in `der`, ours to free. Raises LocalError."""
        place = c_char_p(der)
        found: int | None = getattr(self, kind)(None, byref(place), len(der))
        if not found:
            self.ERR_clear_error()
            raise LocalError(f"no {what}: {len(der)} octets of something else")
        return found

    def octets(self, kind: str, thing: int) -> bytes:
        """The DER of something."""
        place = c_void_p()
        length = getattr(self, kind)(thing, byref(place))
        if length <= 0 or not place.value:
            return b""
        try:
            return ctypes.string_at(place.value, length)
        finally:
            self.CRYPTO_free(place.value, b"", 0)

    def each(self, stack: int | None) -> Iterator[int]:
        """What is in a stack; None: nothing."""
        for index in range(self.OPENSSL_sk_num(stack) if stack else 0):
            yield self.OPENSSL_sk_value(stack, index)

    def names(self, ders: Sequence[bytes]) -> int:
        """A stack of names, which goes to who is given it."""
        stack: int = self.OPENSSL_sk_new_null()
        for der in ders:
            self.OPENSSL_sk_push(stack, self.read("d2i_X509_NAME", der, "name"))
        return stack

    def staple(self, session: int, response: bytes) -> None:
        """Send this with our certificate. The library frees it."""
        memory = self.CRYPTO_malloc(len(response), b"", 0)
        ctypes.memmove(memory, response, len(response))
        self.SSL_ctrl(session, STATUS_SET, len(response), memory)

    def stapled(self, session: int) -> bytes:
        """What came with the peer's certificate; empty: nothing."""
        place = c_void_p()
        length = self.SSL_ctrl(session, STATUS_GET, 0, ctypes.cast(byref(place), c_void_p))
        return ctypes.string_at(place.value, length) if length > 0 and place.value else b""


def verifying(function: Callable[[int], bool]) -> Any:
    """Further judgement of a certificate that the library lets pass. It must not raise: what it raises is no."""

    def called(good: int, store: int) -> int:
        try:
            return int(bool(good) and function(store))
        except Exception:  # nothing may pass through C
            return 0

    return Verify(called)


def callback(function: Callable[[int], int], wrong: int) -> Any:
    """`function` of an SSL, callable from C. It must not raise: what it raises is `wrong`."""

    def called(session: int, argument: int) -> int:
        try:
            return function(session)
        except Exception:  # nothing may pass through C; no is the safe answer
            return wrong

    return Callback(called)
