"""The read-back sentence of an alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.units import said

if TYPE_CHECKING:
    from opsguide.kinds.alert.spec import AlertSpec

_OPS = {"<": "below", "<=": "at or below", ">": "above", ">=": "at or above", "==": "equal to", "!=": "other than"}
_CHANNELS = {"pagerduty": "PagerDuty", "slack": "Slack", "sms": "SMS", "email": "email"}


def understood(spec: AlertSpec) -> str:
    """As in "critical by PagerDuty when p95 of latency is above 1 s for 5 min"."""
    start = spec.severity or "an alert"
    if spec.channels:
        start += f" by {' and '.join(_CHANNELS.get(channel, channel) for channel in spec.channels)}"
    lasting = f" for {said(spec.for_s, 'seconds')}" if spec.for_s else ""
    return f"{start} when {_condition(spec)}{lasting}"


def _condition(spec: AlertSpec) -> str:
    if spec.expr is not None:
        return f"{' '.join(spec.expr.split())} is true"
    if spec.op is None:
        return f"this happens: {spec.quantity}"
    quantity = f"p{spec.quantile * 100:g} of {spec.quantity}" if spec.quantile else str(spec.quantity)
    if spec.aggregate:
        quantity = f"{spec.aggregate} of {quantity}"
    over = f" over {said(spec.window_s, 'seconds')}" if spec.window_s else ""
    return f"{quantity}{over} is {_OPS.get(spec.op, spec.op)} {said(spec.value or 0.0, spec.unit or '')}"
