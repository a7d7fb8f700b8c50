from __future__ import annotations

import datetime as dt
import ssl
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.servers import certificate

from opsguide.world.tls import der_not_after

if TYPE_CHECKING:
    from pathlib import Path


def _der(path: Path) -> bytes:
    text = path.read_text()
    return ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])


@pytest.mark.parametrize("year", [1999, 2026, 2049, 2050, 2120])
def test_the_end_of_validity_is_read_in_both_forms_of_time(tmp_path: Path, year: int) -> None:
    end = dt.datetime(year, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    assert der_not_after(_der(certificate(tmp_path, end))) == end.timestamp()


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    assert der_not_after(data) is None or isinstance(der_not_after(data), float)


def test_a_certificate_cut_short_has_no_end(tmp_path: Path) -> None:
    der = _der(certificate(tmp_path, dt.datetime(2030, 1, 1, tzinfo=dt.UTC)))
    assert der_not_after(der[:80]) is None
