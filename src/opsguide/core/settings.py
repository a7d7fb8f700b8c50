"""opsguide.toml as data. Every setting has its page under docs/settings/."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from opsguide.core.block import EMPTY, Place
from opsguide.core.mend import Mend, Unusable
from opsguide.core.units import duration_s

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS_S = {
    "probe_interval": 15.0,
    "probe_timeout": 10.0,
    "scrape_interval": 15.0,
    "scrape_timeout": 10.0,
    "evaluation_interval": 15.0,
    "link_interval": 3600.0,
    "command_timeout": 30.0,
}
HASTEN = "hasten"
DAY_S = 86400.0
MOST_HASTE = 100
HOST = {"name": "node", "kind": "host", "dsn": ""}
"""The collector that is on unless `[collect] host = false`: this machine, under node_exporter's names."""
DEFAULT_NOTIFY = ("probe", "scrape", "backup", "objective", "control", "task")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret's value comes from (one of env, file) and what it may be used for ("" anything)."""

    env: str = ""
    file: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """`[email]`: the SMTP server for receivers that name none. password may be a `${NAME}` reference."""

    smarthost: str = ""
    sender: str = ""
    username: str = ""
    password: str = ""
    starttls: bool = False


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """`[notify]`: kinds that raise ClaimBroken; the default receiver; how long inferred alerts stay in the trial."""

    claims: tuple[str, ...] = DEFAULT_NOTIFY
    receiver: str = ""
    trial_s: float = 86400.0


@dataclass(frozen=True, slots=True)
class AuthSettings:
    """`[auth]`: sign-in for reading too; certificate and key for TLS (files).

    hosts: host names, with or without a port, under which browsers may reach this server besides the listen address
    and loopback (a name in DNS, a proxy in front).
    """

    reading: bool = False
    tls_certificate: str = ""
    tls_key: str = ""
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StateSettings:
    """`[state]`: how long the bodies of evidence are kept, in seconds."""

    keep_s: float = 400 * 86400.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All of opsguide.toml.

    defaults: seconds by name (probe_interval, scrape_interval, evaluation_interval, ...). native: what the compiler
    reads as a native YAML file: `[[scrape_configs]]` in Prometheus's own form, `[[receivers]]` and `[route]` in
    Alertmanager's, and `collect`, the collectors of `[collect]` (`name = "postgresql://..."`, `host = true`) as a list
    of name, kind and dsn. lines: first line of each table, for mends. hasten: `[defaults] hasten`, by how much the
    guide's clocks are divided in a demo; 1 is true time.
    """

    path: str = "opsguide.toml"
    bindings: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULTS_S))
    email: EmailSettings = EmailSettings()
    notify: NotifySettings = NotifySettings()
    auth: AuthSettings = AuthSettings()
    watch_url: str = ""
    native: Mapping[str, Any] = field(default_factory=lambda: {"collect": [dict(HOST)]})
    lines: Mapping[str, int] = field(default_factory=dict)
    hasten: float = 1.0
    state: StateSettings = StateSettings()

    def with_bindings(self, more: Mapping[str, str]) -> Settings:
        """These settings with further bindings (front matter, command line); the later ones win."""
        return replace(self, bindings={**self.bindings, **more})


_SCHEMES = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "redis": "redis",
}


class Fault(Protocol):
    """Notes a fault: in which table, what is wrong, the mend, and at which key of the table."""

    def __call__(self, table: str, wrong: str, mend: str, key: str = "") -> None:
        """Note it."""
        ...


def parse_settings(text: str, path: str) -> Settings:
    """The settings of one opsguide.toml; raises Unusable with every fault found in it, each with its line."""
    lines = _table_lines(text)
    raw = _decoded(text, path)
    keys = _key_lines(text)
    faults: list[Mend] = []

    def fault(table: str, wrong: str, mend: str, key: str = "") -> None:
        faults.append(_fault(path, keys.get((table, key)) or lines.get(table) or keys.get(("", table), 1), wrong, mend))

    settings = Settings(
        path=path,
        bindings=_texts(raw, "bindings", fault),
        secrets=_secrets(raw, fault),
        defaults={**DEFAULTS_S, **_durations(raw, fault)},
        email=_email(raw, fault),
        notify=_notify(raw, fault),
        auth=_auth(raw, fault),
        watch_url=_texts(raw, "watch", fault).get("url", ""),
        native={
            **{k: raw[k] for k in ("scrape_configs", "receivers", "route") if k in raw},
            "collect": _collect(raw, fault),
        },
        lines=lines,
        hasten=_hasten(raw, fault),
        state=_state(raw, fault),
    )
    known = {
        *("bindings", "secrets", "defaults", "email", "notify", "auth", "watch", "collect"),
        *("scrape_configs", "receivers", "route", "state"),
    }
    for name in raw.keys() - known:
        fault(name, f"no setting is called [{name}]", f"the tables are {', '.join(sorted(known))}")
    if faults:
        raise Unusable(tuple(faults))
    return settings


def _decoded(text: str, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said, _, where = str(error).partition(" (at ")
        found = re.match(r"line (\d+), column (\d+)", where)
        line = int(found[1]) if found else max(1, len(text.splitlines()))
        again = "overwrite" in said or "twice" in said
        wrong = "this key or table stands twice" if again else f"not valid TOML: {said[:1].lower()}{said[1:]}"
        mend = "keep one of the two" if again else "mend the syntax at this place"
        raise Unusable((_fault(path, line, wrong, mend),)) from None


def _fault(path: str, line: int, wrong: str, mend: str) -> Mend:
    return Mend(Place(path, line, line), wrong, mend, "settings/invalid")


def _table_lines(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name = line.strip()
        if name.startswith("["):
            found.setdefault(name.strip("[] ").split("]")[0].strip(), number)
    return found


def _key_lines(text: str) -> dict[tuple[str, str], int]:
    """Line of each `key =` by table and key; of keys above all tables with table ""."""
    found: dict[tuple[str, str], int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("["):
            table = bare.strip("[] ").split("]")[0].strip()
        elif "=" in bare:
            found.setdefault((table, bare.partition("=")[0].strip().strip("\"'")), number)
    return found


def _table(raw: Mapping[str, Any], name: str, fault: Fault) -> Mapping[str, Any]:
    value = raw.get(name, {})
    if isinstance(value, dict):
        return value
    fault(name, f"{name} is no table", f"write [{name}] and the keys below it")
    return {}


def _texts(raw: Mapping[str, Any], name: str, fault: Fault) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in _table(raw, name, fault).items():
        if isinstance(value, dict | list):
            fault(name, f"{key} is no text", f'write "{key}" = "..."', key)
        else:
            found[str(key)] = str(value)
    return found


def _flag(table: Mapping[str, Any], where: str, name: str, fault: Fault, *, default: bool = False) -> bool:
    value = table.get(name, default)
    if not isinstance(value, bool):
        fault(where, f"{name} is neither true nor false", f"write {name} = true, without quotes", name)
        return default
    return value


def _durations(raw: Mapping[str, Any], fault: Fault) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in _table(raw, "defaults", fault).items():
        if name == HASTEN:
            continue
        seconds = duration_s(str(value))
        if name not in DEFAULTS_S:
            fault("defaults", f"no default is called {name}", f"the defaults are {', '.join(DEFAULTS_S)}", name)
        elif seconds is None or seconds <= 0:
            fault("defaults", f'{name} = "{value}" is no duration above 0', f'write {name} = "15s"', name)
        else:
            found[name] = seconds
    return found


def _state(raw: Mapping[str, Any], fault: Fault) -> StateSettings:
    keep = _table(raw, "state", fault).get("keep", "400d")
    keep_s = duration_s(str(keep))
    if keep_s is None or keep_s < DAY_S:
        fault("state", f'keep = "{keep}" is no duration of a day or more', 'write keep = "400d"', "keep")
        return StateSettings()
    return StateSettings(keep_s)


def _hasten(raw: Mapping[str, Any], fault: Fault) -> float:
    value = _table(raw, "defaults", fault).get(HASTEN, 1)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= MOST_HASTE:
        fault("defaults", f"{HASTEN} is no number from 1 to {MOST_HASTE}", f"write {HASTEN} = 20", HASTEN)
        return 1.0
    return float(value)


def _secrets(raw: Mapping[str, Any], fault: Fault) -> dict[str, SecretRef]:
    found: dict[str, SecretRef] = {}
    for name, value in _table(raw, "secrets", fault).items():
        if not isinstance(value, dict) or ("env" in value) == ("file" in value):
            fault("secrets", f"secret {name} is no reference", f'write {name} = {{ env = "{name}", for = "..." }}')
            continue
        found[name] = SecretRef(str(value.get("env", "")), str(value.get("file", "")), str(value.get("for", "")))
    return found


def _email(raw: Mapping[str, Any], fault: Fault) -> EmailSettings:
    table = _table(raw, "email", fault)
    return EmailSettings(
        smarthost=str(table.get("smarthost", "")),
        sender=str(table.get("from", "")),
        username=str(table.get("username", "")),
        password=str(table.get("password", "")),
        starttls=_flag(table, "email", "starttls", fault),
    )


def _notify(raw: Mapping[str, Any], fault: Fault) -> NotifySettings:
    table = _table(raw, "notify", fault)
    trial_s = duration_s(str(table.get("trial", "24h")))
    if trial_s is None:
        fault("notify", f'trial = "{table.get("trial")}" is no duration', 'write trial = "24h"', "trial")
        trial_s = 86400.0
    claims = table.get("claims", list(DEFAULT_NOTIFY))
    if not isinstance(claims, list):
        fault("notify", "claims is no list", 'write claims = ["probe", "scrape"]', "claims")
        claims = []
    return NotifySettings(tuple(str(c) for c in claims), str(table.get("receiver", "")), trial_s)


def _auth(raw: Mapping[str, Any], fault: Fault) -> AuthSettings:
    table = _table(raw, "auth", fault)
    hosts = table.get("hosts", [])
    if not isinstance(hosts, list):
        fault("auth", "hosts is no list", 'write hosts = ["ops.example.org"]', "hosts")
        hosts = []
    return AuthSettings(
        reading=_flag(table, "auth", "reading", fault),
        tls_certificate=str(table.get("tls_certificate", "")),
        tls_key=str(table.get("tls_key", "")),
        hosts=tuple(str(host) for host in hosts),
    )


def _collect(raw: Mapping[str, Any], fault: Fault) -> list[dict[str, str]]:
    table = dict(_table(raw, "collect", fault))
    found = [dict(HOST)] if _flag(table, "collect", "host", fault, default=True) else []
    table.pop("host", None)
    for name, dsn in table.items():
        scheme, is_url, _ = str(dsn).partition("://")
        if scheme not in _SCHEMES:
            # The address is not repeated: it may hold a password.
            speaks = f"no collector speaks {scheme}://" if is_url else "that is no address of a collector"
            fault("collect", f"{name}: {speaks}", f'write {name} = "postgresql://..."', name)
            continue
        found.append({"name": name, "kind": _SCHEMES[scheme], "dsn": str(dsn)})
    return found
