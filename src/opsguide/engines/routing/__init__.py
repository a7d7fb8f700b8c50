"""Alertmanager's routing as a library: configuration, tree, mutes and the group as a pure machine."""

from opsguide.engines.routing.config import Fault, Integration, Receiver, Route, RoutingConfig, is_routing, read_config
from opsguide.engines.routing.groups import Alert, Group, Message, flush, settle, take
from opsguide.engines.routing.labels import Labels, Matcher, fingerprint, label_set
from opsguide.engines.routing.mutes import Silence, inhibited
from opsguide.engines.routing.tree import Destination, Timings, deliver_groups

__all__ = [
    "Alert",
    "Destination",
    "Fault",
    "Group",
    "Integration",
    "Labels",
    "Matcher",
    "Message",
    "Receiver",
    "Route",
    "RoutingConfig",
    "Silence",
    "Timings",
    "deliver_groups",
    "fingerprint",
    "flush",
    "inhibited",
    "is_routing",
    "label_set",
    "read_config",
    "settle",
    "take",
]
