"""Small languages inside commands: SQL, psql's and Redis's commands, awk, sed. Each answers what a statement does."""

from __future__ import annotations

import re
from enum import StrEnum


class EffectClass(StrEnum):
    """What a command does to the world, from harmless to what cannot be taken back."""

    READ = "read"
    INTERACTIVE = "interactive"
    WRITE = "write"
    DESTROY = "destroy"

    @property
    def weight(self) -> int:
        """The worst wins."""
        return list(EffectClass).index(self)


READ, INTERACTIVE, WRITE, DESTROY = EffectClass
Said = tuple[EffectClass, str]

DESTROYING = re.compile(
    r"\b(?:drop\s+(?:table|database|schema|index|user|role|view|collection|column|keyspace|topic)|truncate\b|delete\s+from\b"
    r"|flush(?:all|db)\b|dropdatabase\b|purge\s+queue)",
    re.IGNORECASE,
)
"""Statements that destroy, wherever in a command that does not merely read they stand."""

_STARTS = re.compile(r"(?:select|show|explain|describe|desc|table|values|with)\b", re.IGNORECASE)
_ACTS = re.compile(
    r"\b(?:insert|update|delete|merge|replace|into|call|do|set|lock|copy|outfile|dumpfile|load_file|grant|revoke|alter"
    r"|create|drop|truncate|analyze|vacuum|handler|execute|prepare|share|nowait|refresh|reindex|notify|import)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']*'|\"([^\"]*)\"|`([^`]*)`")
_CALL = re.compile(r'([\w".]+)\s*\(')
_FUNCTIONS = frozenset(
    [
        *(
            "count",
            "sum",
            "avg",
            "min",
            "max",
            "round",
            "floor",
            "ceil",
            "abs",
            "coalesce",
            "nullif",
            "greatest",
            "least",
        ),
        *(
            "now",
            "extract",
            "age",
            "date_trunc",
            "date_part",
            "to_char",
            "to_timestamp",
            "date",
            "timestampdiff",
            "datediff",
        ),
        *("lower", "upper", "length", "left", "right", "substring", "substr", "concat", "trim", "format", "string_agg"),
        *(
            "array_agg",
            "json_agg",
            "row_number",
            "rank",
            "over",
            "filter",
            "cast",
            "in",
            "exists",
            "any",
            "all",
            "and",
            "or",
        ),
        *(
            "not",
            "as",
            "on",
            "using",
            "by",
            "where",
            "from",
            "select",
            "values",
            "distinct",
            "interval",
            "when",
            "then",
        ),
        *("version", "current_database", "current_user", "current_setting", "current_timestamp", "inet_server_addr"),
        *("pg_size_pretty", "pg_database_size", "pg_total_relation_size", "pg_relation_size", "pg_table_size"),
        *(
            "pg_indexes_size",
            "pg_is_in_recovery",
            "pg_last_wal_receive_lsn",
            "pg_last_wal_replay_lsn",
            "pg_wal_lsn_diff",
        ),
        *("pg_last_xact_replay_timestamp", "pg_current_wal_lsn", "pg_blocking_pids", "pg_postmaster_start_time"),
        *(
            "pg_get_indexdef",
            "pg_get_viewdef",
            "to_regclass",
            "database",
            "user",
            "ifnull",
            "group_concat",
            "unix_timestamp",
        ),
        *("from_unixtime", "date_sub", "date_add", "percentile_cont", "percentile_disc", "group", "varchar", "numeric"),
    ]
)
"""Functions that only compute. Any other name with a bracket behind it may act (pg_terminate_backend, lo_unlink)."""
_META = re.compile(
    r"\\(?:d[A-Za-z]{0,4}[+S]?|l\+?|conninfo|timing(?: (?:on|off))?|x|z|encoding|sf|sv)(?:\s+[\w.\"*]+)?"
)
_SQLITE = re.compile(r"\.(?:tables|schema|databases|indexes|indices|dbinfo|stats|fullschema)(?:\s+\w+)?")
_REDIS = {
    **dict.fromkeys(
        (
            *(
                "info",
                "ping",
                "dbsize",
                "time",
                "lastsave",
                "role",
                "type",
                "ttl",
                "pttl",
                "exists",
                "get",
                "mget",
                "strlen",
            ),
            *(
                "getrange",
                "llen",
                "lrange",
                "lindex",
                "scard",
                "smembers",
                "sismember",
                "zcard",
                "zcount",
                "zrange",
                "zscore",
            ),
            *("zrangebyscore", "hlen", "hget", "hmget", "hgetall", "hkeys", "hexists", "xlen", "xrange", "xrevrange"),
            *("scan", "sscan", "hscan", "zscan", "keys", "randomkey", "echo", "bitcount", "pfcount"),
        ),
        frozenset[str](),
    ),
    "xinfo": frozenset({"stream", "groups", "consumers"}),
    "xpending": frozenset(),
    "memory": frozenset({"usage", "stats", "doctor", "malloc-stats"}),
    "slowlog": frozenset({"get", "len"}),
    "client": frozenset({"list", "info", "getname", "id"}),
    "config": frozenset({"get"}),
    "cluster": frozenset({"info", "nodes", "slots", "shards", "myid", "countkeysinslot", "keyslot"}),
    "latency": frozenset({"latest", "history", "doctor", "graph"}),
    "object": frozenset({"encoding", "idletime", "freq", "refcount"}),
    "command": frozenset({"count", "info", "list", "docs"}),
    "sentinel": frozenset(
        {"masters", "master", "replicas", "slaves", "sentinels", "get-master-addr-by-name", "ckquorum"}
    ),
    "module": frozenset({"list"}),
    "acl": frozenset({"whoami"}),
}
_REDIS_DESTROYS = frozenset({"flushall", "flushdb", "del", "unlink", "getdel", "xtrim", "ltrim", "shutdown"})
_REDIS_ENDLESS = frozenset({"monitor", "subscribe", "psubscribe"})

_AWK = re.compile(
    r"(?:/[^/\n]*/|(?:NR|NF|\$\d+)\s*(?:[<>=!]=?|==|~|!~)\s*(?:-?[\d.]+|\"[^\"\\]*\"|/[^/\n]*/))?"
    r"\s*(?:\{\s*print(?:f)?\b[\w\s$,.\"%:;/*+=\\-]*\})?"
)
_AWK_ACTS = re.compile(r"getline|system|close|fflush|ENVIRON|;\s*\w+\s*=")
_SED = re.compile(
    r"(?:\d+|\$|/[^/\n]*/)?(?:,(?:\d+|\$|/[^/\n]*/))?[pdq=]|s([/|,#])(?:(?!\1)[^\n\\]|\\[^\n])*\1(?:(?!\1)[^\n\\]|\\[^\n])*\1[gpi0-9]*"
)


def sql(text: str) -> Said:
    """What SQL does: reading means that each statement starts as a query and every function in it only computes."""
    if DESTROYING.search(text):
        return DESTROY, "destroys data"
    bare = _QUOTED.sub(_unquoted, text)
    # A backslash may end a string early in one dialect and not in another, so none is allowed at all.
    if re.search(r"/\*|\$|\\", text) or re.search(r"--|#|['\"`]", bare):
        return WRITE, "a statement with comments or escapes is not taken apart"
    for statement in filter(None, (part.strip() for part in bare.split(";"))):
        if not _STARTS.match(statement):
            return WRITE, f"{statement.split()[0].upper()} is no query"
        if acts := _ACTS.search(statement):
            return WRITE, f"the query says {acts[0].upper()}"
        if called := next((name for name in _CALL.findall(statement) if name.strip('"').lower() not in _FUNCTIONS), ""):
            return WRITE, f"{called}() may do more than compute"
    return READ, "only queries"


def _unquoted(found: re.Match[str]) -> str:
    """A string becomes nothing; a quoted name stays, for "pg_terminate_backend"(1) calls it."""
    name = found[1] or found[2]
    if not name:
        return " 0 "
    return name if re.fullmatch(r"\w+", name) else "odd_name"


def psql(text: str) -> Said:
    """SQL, or one of psql's commands that describe."""
    return (READ, "describes") if _META.fullmatch(text.strip()) else sql(text)


def sqlite(text: str) -> Said:
    """SQL, or one of sqlite3's commands that describe."""
    return (READ, "describes") if _SQLITE.fullmatch(text.strip()) else sql(text)


def redis(words: list[str]) -> Said:
    """What a Redis command does."""
    name, following = words[0].lower(), [word.lower() for word in words[1:]]
    if name in _REDIS_DESTROYS:
        return DESTROY, f"{name.upper()} destroys data"
    if name not in _REDIS:
        return WRITE, f"{name.upper()} is not on the list of reading commands"
    allowed = _REDIS[name]
    if allowed and (not following or following[0] not in allowed):
        return WRITE, f"{' '.join(words[:2]).upper()} is not on the list of reading commands"
    if name == "config" and any("*" in word or "pass" in word for word in following):
        return WRITE, "it prints passwords"
    return READ, f"{name.upper()} reads"


def redis_endless(words: list[str]) -> bool:
    """Whether the command goes on until somebody stops it."""
    return words[0].lower() in _REDIS_ENDLESS


def awk(text: str) -> Said:
    """Reading where it is one pattern and one print; awk can start programs and write files."""
    if text.strip() and _AWK.fullmatch(text.strip()) and not _AWK_ACTS.search(text):
        return READ, "only prints"
    return WRITE, "awk can start programs and write files; this text is more than a print"


def sed(text: str) -> Said:
    """Reading where it is one printing, deleting or replacing command; sed can start programs and write files."""
    return (READ, "only prints") if _SED.fullmatch(text.strip()) else (WRITE, "more than a line filter")
