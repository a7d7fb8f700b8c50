"""What the engine knows of integrations agrees with the files of tell/."""

from __future__ import annotations

import importlib
import pkgutil

import opsguide.tell
from opsguide.engines.routing.integrations import INTEGRATIONS, missing, notes


def test_every_receiver_is_served_with_the_settings_that_it_asks_for() -> None:
    names = [module.name for module in pkgutil.iter_modules(opsguide.tell.__path__)]
    modules = {name: importlib.import_module(f"opsguide.tell.{name}") for name in names}
    found = {name: module.RECEIVER for name, module in modules.items() if hasattr(module, "RECEIVER")}
    assert {name: receiver.name for name, receiver in found.items()} == {name: name for name in found}
    served = {name: needs.required for name, needs in INTEGRATIONS.items() if needs.served}
    assert {name: receiver.required for name, receiver in found.items()} == served


def test_a_missing_setting_is_named_with_its_alternatives() -> None:
    assert missing("webhook", {}) == ("url",)
    assert missing("pagerduty", {"service_key": "x"}) == ()
    assert missing("telegram", {"bot_token": "x"}) == ("chat_id or chat_id_file",)
    assert missing("unheard_of", {}) == ()


def test_what_is_not_read_is_named_with_what_to_write_instead() -> None:
    (slack,) = missing("slack", {"api_url_file": "f"})
    assert "write api_url: ${NAME}" in slack
    (pager,) = missing("pagerduty", {"service_key_file": "f"})
    assert pager.startswith("routing_key or service_key (service_key_file is not read")


def test_a_service_key_is_said_to_be_one_of_the_older_api() -> None:
    (note,) = notes("pagerduty", {"service_key": "x"})
    assert "Events API v1" in note
    assert notes("pagerduty", {"routing_key": "x"}) == notes("slack", {"service_key": "x"}) == ()
