"""The words that headings and texts are read by. Data only: another language is another set of words.

Every entry maps words to what they mean; matching is on lower-case text with word boundaries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsguide.core.block import Polarity, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

SEVERITIES: Mapping[str, str] = {
    "critical": "critical",
    "fatal": "critical",
    "warning": "warning",
    "warnings": "warning",
    "warn": "warning",
    "info": "info",
    "informational": "info",
    "严重": "critical",
    "紧急": "critical",
    "警告": "warning",
}
"""Levels that are told apart everywhere."""

OWN_LEVELS = ("high", "medium", "low", "major", "minor")
"""Levels only where they stand alone or beside an alert word: "High" is one, "High CPU Usage" is not."""

ALERT_WORDS = (
    *("alert", "alerts", "alerting", "alarm", "alarms", "page", "pages", "severity", "level", "priority"),
    *("notification", "notifications", "incident", "incidents", "threshold", "thresholds", "rules", "rule", "告警"),
)

CHANNELS: Mapping[str, str] = {
    "pagerduty": "pagerduty",
    "pager duty": "pagerduty",
    "slack": "slack",
    "email": "email",
    "e-mail": "email",
    "mail": "email",
    "sms": "sms",
    "phone": "phone",
    "opsgenie": "opsgenie",
    "ms teams": "msteams",
    "msteams": "msteams",
    "microsoft teams": "msteams",
    "teams": "msteams",
    "discord": "discord",
    "telegram": "telegram",
    "webhook": "webhook",
    "victorops": "victorops",
    "mattermost": "mattermost",
}

CADENCES: Mapping[str, str] = {
    "daily": "daily",
    "every day": "daily",
    "each day": "daily",
    "nightly": "daily",
    "weekly": "weekly",
    "every week": "weekly",
    "each week": "weekly",
    "monthly": "monthly",
    "every month": "monthly",
    "each month": "monthly",
    "quarterly": "quarterly",
    "every quarter": "quarterly",
    "yearly": "yearly",
    "annual": "yearly",
    "annually": "yearly",
    "every year": "yearly",
    "每日": "daily",
    "每天": "daily",
    "每周": "weekly",
    "每月": "monthly",
    "每季度": "quarterly",
    "每年": "yearly",
}

POLARITIES: Mapping[str, Polarity] = {
    **dict.fromkeys(
        (
            *("normal", "normal range", "target", "targets", "healthy", "expected", "goal", "goals", "objective"),
            *("objectives", "slo", "slos", "sla", "slas", "acceptable", "baseline"),
        ),
        Polarity.NORMAL,
    ),
    **dict.fromkeys(
        (
            *("alert", "alerts", "alerting", "alarm", "alarms", "trigger", "triggers", "critical", "warning"),
            *("warnings", "escalate", "unhealthy", "告警"),
        ),
        Polarity.ALERT,
    ),
}

WATCH_WORDS = ("monitoring", "monitor", "metric", "metrics", "observability", "监控")
"""Beside an alert word they take its polarity back: such a heading covers good states too."""

SLIS: Mapping[str, str] = {
    "availability": "availability",
    "uptime": "availability",
    "latency": "latency",
    "response time": "latency",
    "error rate": "error rate",
    "errors": "error rate",
    "throughput": "throughput",
    "durability": "durability",
    "freshness": "freshness",
}
SLO_WORDS = ("slo", "slos", "sli", "slis", "sla", "slas", "objective", "objectives")

SCOPES: Mapping[str, str] = {
    **{
        word: word
        for word in (
            *("system", "infrastructure", "application", "database", "business", "network", "cache", "queue", "api"),
            *(
                "redis",
                "kafka",
                "postgresql",
                "mysql",
                "mongodb",
                "rabbitmq",
                "nginx",
                "jvm",
                "kubernetes",
                "container",
            ),
            *("node", "cluster", "storage", "frontend", "backend", "security", "host", "service"),
        )
    },
    "postgres": "postgresql",
    "databases": "database",
    "nodes": "node",
    "containers": "container",
    "services": "service",
    "hosts": "host",
}

ENVIRONMENTS: Mapping[str, str] = {
    "production": "production",
    "prod": "production",
    "staging": "staging",
    "stage": "staging",
    "development": "development",
    "dev": "development",
}

STATUSES: Mapping[str, Status] = {
    **dict.fromkeys(
        (
            *("planned", "proposed", "suggested", "recommended", "future", "roadmap", "upcoming", "deferred", "tbd"),
            *("todo", "to do", "not yet", "when implemented", "not implemented", "next steps", "wishlist", "ideas"),
            *("计划", "建议"),
        ),
        Status.PLANNED,
    ),
    **dict.fromkeys(("example", "examples", "sample", "samples", "template", "templates", "示例"), Status.EXAMPLE),
    **dict.fromkeys(
        ("reference value", "reference values", "for reference", "glossary", "table of contents", "contents"),
        Status.REFERENCE,
    ),
}
NO_STATUS = (
    *("planned maintenance", "planned downtime", "planned failover", "planned outage", "sample rate", "sampling"),
    *("sample size", "message templates", "notification templates"),
)
"""Phrases in which such a word says nothing about the statement's status."""

TOOLS = (
    *("kubectl", "docker", "docker-compose", "helm", "curl", "wget", "psql", "pg_dump", "pg_restore", "mysql"),
    *("mysqldump", "redis-cli", "mongodump", "systemctl", "journalctl", "aws", "gcloud", "az", "terraform", "ansible"),
    *("k6", "locust", "trivy", "openssl", "certbot", "rsync", "restic", "borg", "pgbackrest", "etcdctl", "nomad"),
    *("consul", "vault", "jstack", "jmap", "git", "make", "npm", "nginx", "kafka-topics", "rabbitmqctl"),
)
"""Programs whose name at the start of a command line makes the line look operational."""
