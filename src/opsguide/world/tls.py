"""TLS as a probe needs it: how long the handshake took, and until when the peer's certificate is valid.

The end of validity is wanted most when verification fails, and then Python's parsed form is empty. So the one field is
read from the certificate's DER (X.509, RFC 5280 section 4.1) here.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

_SEQUENCE, _VERSION, _GENERALIZED = 0x30, 0xA0, 0x18


@dataclass(slots=True)
class Exchange:
    """What is noted while one HTTP exchange is under way. handshake_at: monotonic seconds, 0 without TLS."""

    handshake_at: float = 0.0
    not_after: float | None = None


exchange: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


class _Noting(ssl.SSLObject):
    """Notes when the handshake began; asyncio has no event for it."""

    def do_handshake(self) -> None:
        noted = exchange.get()
        if noted is not None and not noted.handshake_at:
            noted.handshake_at = time.monotonic()
        super().do_handshake()


def client_context(*, verify: bool = True, ca_file: str = "") -> ssl.SSLContext:
    """A client's TLS context that notes handshakes. ca_file: trusted beside nothing else; "" the system's store."""
    context = ssl.create_default_context(cafile=ca_file or None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.sslobject_class = _Noting
    return context


async def shown_not_after(host: str, port: int) -> float | None:
    """End of validity of the certificate that the peer shows, trusted or not; None where it shows none."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    except OSError:
        return None
    try:
        return peer_not_after(writer.get_extra_info("ssl_object"))
    finally:
        writer.transport.abort()


def peer_not_after(connection: ssl.SSLObject | None) -> float | None:
    """End of validity of the peer's certificate, Unix seconds."""
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    return None if der is None else der_not_after(der)


def der_not_after(der: bytes) -> float | None:
    """`notAfter` of a DER certificate in Unix seconds; None where the bytes are no certificate."""
    try:
        _, body, _ = _element(der, 0)
        _, tbs, _ = _element(body, 0)
        tag, _, at = _element(tbs, 0)
        # version is optional; then follow serialNumber, signature, issuer, validity
        for _ in range(3 if tag == _VERSION else 2):
            _, _, at = _element(tbs, at)
        tag, validity, _ = _element(tbs, at)
        _, _, second = _element(validity, 0)
        kind, text, _ = _element(validity, second)
        return _moment(text.decode("ascii"), generalized=kind == _GENERALIZED) if tag == _SEQUENCE else None
    except (IndexError, ValueError):
        return None


def _element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Tag, content and end of the DER element at `at`; raises IndexError or ValueError where it is cut short."""
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        octets = size & 0x7F
        size, at = int.from_bytes(data[at : at + octets], "big"), at + octets
    if at + size > len(data):
        raise ValueError("cut short")
    return tag, data[at : at + size], at + size


def _moment(text: str, *, generalized: bool) -> float:
    # RFC 5280 4.1.2.5.1: two-digit years from 50 are of the last century.
    if not generalized:
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
