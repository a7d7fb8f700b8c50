"""What the engine knows of integrations agrees with the files of tell/."""

from __future__ import annotations

import importlib
import pkgutil

import opsguide.tell
from opsguide.engines.routing.integrations import INTEGRATIONS, missing


def test_every_receiver_is_served_with_the_settings_that_it_asks_for() -> None:
    names = [module.name for module in pkgutil.iter_modules(opsguide.tell.__path__) if module.name != "outcome"]
    found = {name: importlib.import_module(f"opsguide.tell.{name}").RECEIVER for name in names}
    assert {name: receiver.name for name, receiver in found.items()} == {name: name for name in names}
    served = {name: needs.required for name, needs in INTEGRATIONS.items() if needs.served}
    assert {name: receiver.required for name, receiver in found.items()} == served


def test_a_missing_setting_is_named_with_its_alternatives() -> None:
    assert missing("webhook", {}) == ("url",)
    assert missing("pagerduty", {"service_key": "x"}) == ()
    assert missing("telegram", {"bot_token": "x"}) == ("chat_id or chat_id_file",)
    assert missing("unheard_of", {}) == ()
