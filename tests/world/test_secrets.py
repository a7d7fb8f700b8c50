from __future__ import annotations

import base64
import html
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.core.ports import WorldFault
from opsguide.core.settings import SecretRef
from opsguide.world.secrets import RealSecrets

if TYPE_CHECKING:
    from pathlib import Path

REFERENCES = {
    "PAGERDUTY_KEY": SecretRef(env="PD", purpose="pagerduty"),
    "ANY": SecretRef(env="ANY"),
    "UNSET": SecretRef(env="UNSET"),
    "DB": SecretRef(file="db.txt", purpose="postgresql"),
}


@pytest.fixture
def secrets(tmp_path: Path) -> RealSecrets:
    """Secrets of both sorts."""
    (tmp_path / "db.txt").write_text("file-canary\n")
    return RealSecrets(REFERENCES, tmp_path, {"PD": 'env canary/+"x', "ANY": "any-canary"})


def test_references_are_filled_for_their_purpose(secrets: RealSecrets) -> None:
    assert secrets.resolve("k=${PAGERDUTY_KEY}", "pagerduty") == 'k=env canary/+"x'
    assert secrets.resolve("${DB}${ANY}", "postgresql") == "file-canaryany-canary"
    assert secrets.resolve("no reference, $HOME, $${", "x") == "no reference, $HOME, $${"


@pytest.mark.parametrize(
    ("text", "purpose", "why"),
    [
        ("${PAGERDUTY_KEY}", "webhook", "is for pagerduty, not for webhook"),
        ("${PAGERDUTY_KEY}", "", "is for pagerduty"),
        ("${NOBODY}", "x", "no secret is called NOBODY"),
        ("${UNSET}", "x", "variable UNSET is not set"),
    ],
)
def test_a_secret_goes_nowhere_it_was_not_given_for(secrets: RealSecrets, text: str, purpose: str, why: str) -> None:
    with pytest.raises(WorldFault, match=why) as fault:
        secrets.resolve(text, purpose)
    assert fault.value.says == "not_found"
    assert "canary" not in fault.value.detail


def test_what_is_missing_is_named_once(secrets: RealSecrets) -> None:
    assert secrets.missing("${UNSET} ${DB} ${NOBODY} ${UNSET}") == ["UNSET", "NOBODY"]


def test_every_value_is_masked_before_it_was_ever_used(secrets: RealSecrets) -> None:
    value = 'env canary/+"x'
    for form in (value, quote(value, safe=""), json.dumps(value), base64.b64encode(value.encode()).decode()):
        assert "canary" not in secrets.mask(f"a {form} b")
        assert "***" in secrets.mask(f"a {form} b")
    assert secrets.mask("file-canary any-canary") == "*** ***"
    lower = quote(value, safe="").replace("%2F", "%2f").replace("%2B", "%2b")
    for form in (lower, html.escape(value), base64.urlsafe_b64encode(value.encode()).decode()):
        assert secrets.mask(f"a {form} b") == "a *** b"
        assert secrets.mask_bytes(f"a {form} b".encode()) == b"a *** b"


@pytest.mark.parametrize("user", ["", "a", "ab", "abc", "operator"])
def test_a_value_inside_of_longer_base64_is_masked_but_for_its_ends(secrets: RealSecrets, user: str) -> None:
    echoed = base64.b64encode(f"{user}:any-canary and more".encode()).decode()
    left = secrets.mask(f"Basic {echoed}")
    assert "***" in left
    assert len(left) <= len(f"Basic {echoed}") - 12 + 3


def test_what_is_hidden_later_is_masked_too(secrets: RealSecrets) -> None:
    secrets.hide("from-a-password-file")
    assert secrets.mask("it is from-a-password-file") == "it is ***"
    assert secrets.mask_bytes(b"it is from-a-password-file") == b"it is ***"


def test_a_rotated_file_is_read_anew_and_the_old_value_stays_masked(tmp_path: Path, secrets: RealSecrets) -> None:
    (tmp_path / "db.txt").write_text("second-value")
    assert secrets.resolve("${DB}", "postgresql") == "second-value"
    assert secrets.mask("file-canary second-value") == "*** ***"


def test_short_values_do_not_blank_out_ordinary_text(tmp_path: Path) -> None:
    secrets = RealSecrets({"A": SecretRef(env="A")}, tmp_path, {"A": "ok"})
    assert secrets.mask("ok then") == "ok then"


@given(value=st.text(min_size=4).filter(lambda v: v.strip() and "*" not in v), around=st.text())
def test_no_value_survives_masking(value: str, around: str) -> None:
    from pathlib import Path

    secrets = RealSecrets({"A": SecretRef(env="A")}, Path(), {"A": value})
    assert value not in secrets.mask(around.replace(value, "") + value + "|" + value)


def test_trust_is_asked_of_who_keeps_it(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def trust(claim: str, text: str) -> bool:
        asked.append((claim, text))
        return text == "yes"

    secrets = RealSecrets({}, tmp_path, {}, trust)
    assert secrets.trusted("c", "yes")
    assert not secrets.trusted("c", "no")
    assert asked == [("c", "yes"), ("c", "no")]
    assert not RealSecrets({}, tmp_path, {}).trusted("c", "yes")
