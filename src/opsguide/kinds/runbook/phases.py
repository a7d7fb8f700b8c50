"""The words by which runbooks, their phases and their alerts are known. Data, and the few lines that read it."""

from __future__ import annotations

import re

TRIGGER, ASSESS, ACT, VERIFY, UNDO, ESCALATE = "trigger", "assess", "act", "verify", "undo", "escalate"
PHASES = {
    TRIGGER: r"symptoms?|meaning|impact|problem|triggers?|when to use|description|background|alert|症状",
    ASSESS: r"diagnos(?:is|e|tics?)|investigat(?:ion|e)|triage|assess(?:ment)?|checks?|analy(?:sis|ze)|root causes?"
    r"|causes?|possible causes?|identif(?:y|ication)|debug(?:ging)?"
    r"|inspect(?:ion)?|how to check|诊断|排查",
    ACT: r"resol(?:ution|ve)|mitigat(?:ion|e)|fix(?:es)?|solutions?|remed(?:iation|y)|actions?|recover(?:y)?"
    r"|work-?arounds?|response|immediate actions?|steps?|commands?|处理|解决",
    VERIFY: r"verif(?:y|ication)|validat(?:e|ion)|confirm(?:ation)?|post-?checks?|验证",
    UNDO: r"roll-?back|undo|revert|back-?out|回滚",
    ESCALATE: r"escalat(?:e|ion)|prevention|contacts?|references?|related|notes?",
}
_PHASE = {
    name: re.compile(
        rf"(?:\d+[.):]?\s*)?(?:step \d+:?\s*)?(?:the\s+)?(?:{words})"
        r"(?:\s+(?:steps?|commands?|procedure|actions?|and\s+\w+|&\s+\w+))?"
    )
    for name, words in PHASES.items()
}
_STRONG = re.compile(r"\b(?:symptoms?|diagnos\w+|investigation|triage|meaning|症状|诊断|排查)\b|症状|诊断|排查")
_TROUBLES = (
    r"common\b(?: \w+)? (?:issues|problems|errors|failures|incidents)(?: and (?:solutions|fixes))?"
    r"|(?:issues|problems) and solutions"
)
_CHAPTER = re.compile(
    rf"\b(?:runbooks|run books|playbooks|trouble-?shooting)\b|^(?:runbook|playbook)$|\b(?:{_TROUBLES})\b"
    r"|故障排查|常见问题"
)
_ITSELF = re.compile(
    rf"(?:{_TROUBLES}|(?:general )?trouble-?shooting(?: guide| steps| procedures?| tips)?|runbook|故障排查|常见问题)"
)
_OTHER = re.compile(
    r"\b(?:known (?:issues|bugs|problems|limitations)|benchmarks?|faq)\b"
    r"|\b(?:commands?|tools?|links?|references?|resources"
    r"|contacts?|getting help|prerequisites|contents|overview|introduction|index"
    r"|log (?:files|locations|analysis)|template"
    r"|useful|maintenance)$|^(?:logs?|support|useful|appendix|glossary|escalation|debug mode|general tips)\b"
)
_LOOKS = re.compile(
    r"^(?:\d+[.)]\s*)?(?:check|review|monitor|inspect|identify|analy[sz]e|look|find|get|collect|count|show|list|view|watch|examine"
    r"|verify|test|determine|measure|compare|confirm|see|gather|trace|debug|查看|检查)\b|^(?:查看|检查)",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(
    r"\b(?:verify|confirm)\b.*\b(?:fix|recover\w*|resolved|again|back|deployment|rollback)\b", re.IGNORECASE
)
_UNDOES = re.compile(r"\b(?:roll(?:ing)?[ -]?back|undo|revert)\b", re.IGNORECASE)
_LONGEST = 5

_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_GENERAL = frozenset(
    [
        *(
            "high",
            "low",
            "usage",
            "issue",
            "problem",
            "alert",
            "critical",
            "warning",
            "the",
            "is",
            "a",
            "an",
            "of",
            "in",
            "on",
            "and",
        ),
        *(
            "to",
            "for",
            "too",
            "detected",
            "service",
            "excessive",
            "elevated",
            "increased",
            "utilization",
            "rate",
            "many",
            "with",
        ),
        *(
            "large",
            "common",
            "troubleshooting",
            "runbook",
            "guide",
            "general",
            "s",
            "percent",
            "threshold",
            "exceeded",
            "above",
        ),
    ]
)
_SAME = {
    "mem": "memory", "db": "database", "conn": "connection", "connections": "connection", "disc": "disk",
    "oom": "memory",
    "storage": "disk", "response": "latency", "slow": "latency", "queries": "query", "leaks": "leak", "logs": "log",
    "errors": "error", "failures": "failure", "failed": "failure", "failing": "failure", "exhausted": "exhaustion",
    "messages": "message", "queues": "queue", "backlogs": "backlog", "certificates": "certificate",
    "cert": "certificate",
    "ssl": "certificate", "tls": "certificate", "expiring": "expiry", "expired": "expiry", "expiration": "expiry",
    "pods": "pod", "issues": "issue", "problems": "problem", "alerts": "alert", "unavailable": "down", "outage": "down",
    "unreachable": "down", "restarts": "restart", "crashing": "crash", "crashloop": "crash", "consumers": "consumer",
}  # fmt: skip
# Words that say how a thing is, beside the thing itself: "disk space" is about the disk.
_STATE = frozenset({"space", "pool", "time", "leak", "exhaustion", "size", "limit", "length", "percentage"})


def phase_of(text: str) -> str:
    """The phase that a heading or a label opens, "" for none; a whole sentence opens none."""
    words = text.strip().rstrip(":：").lower()
    if not words or len(words.split()) > _LONGEST:
        return ""
    return next((name for name, pattern in _PHASE.items() if pattern.fullmatch(words)), "")


def is_strong(text: str) -> bool:
    """Whether a heading or label is one that only runbooks have."""
    return bool(phase_of(text)) and bool(_STRONG.search(text.lower()))


def is_chapter(words: str) -> bool:
    """Whether a heading holds runbooks: "Runbooks", "Troubleshooting", "Common Issues"."""
    return bool(_CHAPTER.search(words)) and not re.search(r"\bknown\b", words)


def is_itself(words: str) -> bool:
    """Whether a chapter's heading may be one runbook, where it has no sections: "Common User Issues"."""
    return _ITSELF.fullmatch(words) is not None


def is_other(words: str) -> bool:
    """Whether a heading under such a chapter is about something else: "Diagnostic Commands", "Known Issues"."""
    return bool(_OTHER.search(words))


def own_phase(text: str, effect: str) -> str:
    """The phase of a step that no label places: what it says, then what it does."""
    if _UNDOES.search(text):
        return UNDO
    if _AFTERWARDS.search(text):
        return VERIFY
    if effect == "read" or _LOOKS.match(text):
        return ASSESS
    return ACT


def alert_name(name: str) -> str:
    """The heading as an alert would be called: "High CPU Usage" -> "HighCPUUsage"."""
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))


def quantity(name: str) -> str:
    """What of the name may be measured: "High CPU Usage" -> "cpu usage"."""
    words = re.findall(r"\w+", name.lower())
    return " ".join(word for word in words if _SAME.get(word, word) not in _GENERAL or word in {"usage", "rate"})


def canonical(text: str) -> frozenset[str]:
    """The words that tell what a name is about: "HighCPUUsage" and "High CPU usage" are both {"cpu"}."""
    found = (word.lower() for word in _CAMEL.findall(text))
    return frozenset(_SAME.get(word, word) for word in found) - _GENERAL


def fits(stated: str, alert: str) -> bool:
    """Whether a runbook for `stated` is one for the alert: same words, or one says more of the same thing."""
    ours, theirs = canonical(stated), canonical(alert)
    if not ours or not theirs:
        return False
    if ours <= theirs or theirs <= ours:
        return bool(ours & theirs - _STATE) or ours == theirs
    things = ours - _STATE
    return bool(things) and things == theirs - _STATE
