"""A dashboard of the guide as Grafana's JSON model, to be imported there. Pure: the caller binds and writes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from opsguide.engines.binding import Bound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opsguide.core.nouns import Claim
    from opsguide.kinds.dashboard.panels import Curve
    from opsguide.kinds.dashboard.spec import Dashboard

SCHEMA_VERSION = 39
"""Grafana 10 and later read it as it is; later ones migrate it."""
WIDTH, HEIGHT, COLUMNS = 12, 8, 2
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_UNITS = {
    "ratio": "percentunit",
    "seconds": "s",
    "bytes": "bytes",
    "bytes_per_second": "Bps",
    "per_second": "ops",
    "count": "short",
}


def grafana(claim: Claim[Dashboard], bound: Mapping[str, Sequence[Curve]]) -> dict[str, object]:
    """The dashboard as Grafana imports it.

    bound: the claim's panels as `panels.curves` gives them. Each is a time series with one target a quantity; a panel
    of which nothing is bound becomes a text that says what would bind it, so that none is left out. The data source is
    a variable: no instance's uid is written.
    """
    return {
        "uid": hashlib.sha256(claim.id.encode()).hexdigest()[:20],
        "title": claim.spec.name,
        "description": f"{claim.place.file}:{claim.place.line}",
        "tags": ["opsguide"],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [_variable()]},
        "panels": [_panel(number, panel, found) for number, (panel, found) in enumerate(bound.items())],
    }


def _variable() -> dict[str, object]:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0}


def _panel(number: int, title: str, found: Sequence[Curve]) -> dict[str, object]:
    common: dict[str, object] = {
        "id": number + 1,
        "title": title,
        "gridPos": {
            "x": number % COLUMNS * WIDTH,
            "y": number // COLUMNS * HEIGHT,
            "w": WIDTH,
            "h": HEIGHT,
        },
    }
    bound = [(curve.quantity, curve.found) for curve in found if isinstance(curve.found, Bound)]
    missing = [f"{one.quantity}: {one.found.why}" for one in found if not isinstance(one.found, Bound)]
    if not bound:
        return {**common, "type": "text", "options": {"mode": "markdown", "content": "\n\n".join(missing)}}
    return {
        **common,
        "type": "timeseries",
        "description": "; ".join([one.why for _, one in bound] + missing),
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": _defaults([one for _, one in bound]), "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": len(bound) > 1}},
        "targets": [_target(index, quantity, one) for index, (quantity, one) in enumerate(bound)],
    }


def _defaults(bound: Sequence[Bound]) -> dict[str, object]:
    """The unit, where all curves of the panel share one."""
    units = {_UNITS.get(one.unit, "short") for one in bound}
    return {"unit": units.pop()} if len(units) == 1 else {}


def _target(index: int, quantity: str, bound: Bound) -> dict[str, object]:
    return {
        "refId": chr(ord("A") + index),
        "datasource": _SOURCE,
        "expr": bound.expr,
        "legendFormat": quantity,
        "range": True,
        "instant": False,
    }
