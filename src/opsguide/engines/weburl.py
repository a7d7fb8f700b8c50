"""Web addresses as guides write them, made usable: a scheme where none stands, one port where two do."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_TWO_PORTS = re.compile(r"^(\[[^\]]*\]|[^:\[\]]+):\d+:(\d+)$")


def tidy(url: str) -> str:
    """The address with a scheme and at most one port.

    A binding often gives host and port for a name that the guide uses with ports of its own: "yourdomain.com" bound to
    127.0.0.1:8443 makes http://yourdomain.com:3000 into http://127.0.0.1:8443:3000. The port in the guide wins.
    """
    url = url.strip()
    if not _SCHEME.match(url):
        url = f"http://{url.removeprefix('//')}"
    scheme, _, rest = url.partition("://")
    end = next((at for at, char in enumerate(rest) if char in "/?#"), len(rest))
    return f"{scheme}://{one_port(rest[:end])}{rest[end:]}"


def one_port(authority: str) -> str:
    """`host:port` of `host:port`, `host:other:port` and of either after `user@`."""
    user, at, host = authority.rpartition("@")
    found = _TWO_PORTS.match(host)
    return f"{user}{at}{found[1]}:{found[2]}" if found else authority


def host_of(url: str) -> str:
    """`host:port` of an address, without user; "" where there is none."""
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]


def path_of(url: str) -> str:
    """The path with its query, without fragment; "/" where it is empty."""
    rest = url.partition("://")[2]
    at = next((i for i, char in enumerate(rest) if char in "/?#"), len(rest))
    path = rest[at:].partition("#")[0]
    return path if path.startswith("/") else f"/{path}"
