"""What reads, as data: programs, their sub-commands and their flags. What is not on these lists writes.

A flag that is missing here costs a person one click of consent; a flag that is here by mistake costs a system. So a
flag is added when it was looked up, and never because its name sounds harmless. Left out on purpose: flags that start
programs (kubectl --kubeconfig, git -c, tar -I), write files (sort -o, curl -o), or send what they read (curl -d).

Longer than a file should be: it is one table, and who judges a flag wants to find it in one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_SUBS: Mapping[str, Tool] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tool:
    """A program or sub-command that reads as long as its flags are among these.

    flags: without a value; valued: with one. subs: sub-commands that read. most: positional arguments at most.
    free: no flag of it does anything but change what is shown, so that a pattern or xargs may supply its arguments.
    check: name of the check of its arguments (see `effect.CHECKS`). asks: flags that prompt a person. destroys: flags
    and sub-commands that cannot be taken back. needs: one of these must stand.
    endless: flags with which it never ends ("*": it never does by itself);
    ends: flags that make it end; bound: what is put behind its name so that it ends (flags of `endless` are cut out).
    """

    flags: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    subs: Mapping[str, Tool] = field(default_factory=lambda: _NO_SUBS)
    most: int = 1000
    free: bool = False
    check: str = ""
    asks: frozenset[str] = frozenset()
    destroys: frozenset[str] = frozenset()
    endless: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    bound: str = ""
    needs: frozenset[str] = frozenset()


def _flags(text: str) -> frozenset[str]:
    """`-a --all +xyz`: the first two as they are, `+xyz` each letter a short flag."""
    found: set[str] = set()
    for word in text.split():
        found |= {f"-{letter}" for letter in word[1:]} if word.startswith("+") else {word}
    return frozenset(found)


def tool(
    flags: str = "",
    valued: str = "",
    *,
    subs: Mapping[str, Tool] = _NO_SUBS,
    most: int = 1000,
    free: bool = False,
    check: str = "",
    asks: str = "",
    destroys: str = "",
    endless: str = "",
    ends: str = "",
    bound: str = "",
    needs: str = "",
) -> Tool:
    """A Tool from lists in text."""
    return Tool(
        flags=_flags(flags),
        valued=_flags(valued),
        subs=subs,
        most=most,
        free=free,
        check=check,
        asks=_flags(asks),
        destroys=_flags(destroys),
        endless=_flags(endless),
        ends=_flags(ends),
        bound=bound,
        needs=_flags(needs),
    )


def _subs(names: str, one: Tool) -> dict[str, Tool]:
    return dict.fromkeys(names.split(), one)


# ---- files and text --------------------------------------------------------------------------------------------------

_FILES = {
    "ls": tool(
        "+aAbBcCdfFgGhHiklLmnNopqQrRsStuUvxXZ1 --all --almost-all --human-readable --recursive --reverse --full-time",
        "--color --sort --time --time-style",
        free=True,
    ),
    "cat": tool("+AbeEnstTuv", free=True, check="private"),
    "tac": tool(free=True, check="private"),
    "nl": tool("-ba", "-b -w -s", free=True, check="private"),
    "zcat": tool("-f", free=True, check="private"),
    "head": tool("+qvz0123456789", "-n -c --lines --bytes", free=True, check="private"),
    "tail": tool(
        "+qvz0123456789 -f -F --follow --retry",
        "-n -c --lines --bytes -s --pid",
        check="private",
        endless="-f -F --follow",
    ),
    "wc": tool("+clmwL --lines --words --bytes --chars", free=True),
    "cut": tool("-s --complement", "-d -f -c -b --delimiter --fields --characters --output-delimiter", free=True),
    "tr": tool("+dscCt"),
    "sort": tool(
        "+bdfghiMnRrVcCsuz --numeric-sort --reverse --unique --human-numeric-sort --version-sort", "-k -t -S --key"
    ),
    "uniq": tool("+cdDiuz --count --repeated --unique --ignore-case", "-f -s -w", most=1),
    "column": tool("+tnxJ", "-s -c -o -N", free=True),
    "rev": tool(free=True),
    "paste": tool("-s", "-d", free=True),
    "fold": tool("-s", "-w", free=True),
    "diff": tool("+qrsuyNbBiwEta --brief --recursive --unified --side-by-side", "-U -C -W", free=True),
    "cmp": tool("-s -l -b", "-n", free=True),
    "comm": tool("+123", free=True),
    "strings": tool("-a", "-n", free=True),
    "od": tool("+bcdox", "-A -t -N -j", free=True),
    "stat": tool("+Lft", "-c --format --printf", free=True),
    "file": tool("+bhiLz", free=True),
    "readlink": tool("+femn", free=True),
    "realpath": tool("+emqs", free=True),
    "basename": tool("-a", "-s"),
    "dirname": tool(),
    "md5sum": tool("-c --check --quiet --status -b", free=True),
    "sha1sum": tool("-c --check --quiet --status -b", free=True),
    "sha256sum": tool("-c --check --quiet --status -b", free=True),
    "sha512sum": tool("-c --check --quiet --status -b", free=True),
    "jq": tool("+crnesSMCj", "--indent"),
    "yq": tool("+rejMC", "-o -P"),
    "grep": tool(
        "+aAbcEFGhHiIlLnoPqrRsTUvVwxyzZ0123456789 --ignore-case --count --invert-match --line-number --only-matching"
        " --recursive --quiet --no-filename --with-filename --files-with-matches --extended-regexp --fixed-strings"
        " --perl-regexp --word-regexp --text",
        "-A -B -C -e -f -m --after-context --before-context --context --include --exclude --exclude-dir --max-count"
        " --regexp --color --colour",
        free=True,
        check="private",
    ),
    "awk": tool("", "-F", check="awk"),
    "sed": tool("-n -E -r -u --quiet --silent --regexp-extended", "", check="sed"),
    "find": tool(check="find"),
    "tar": tool(check="tar"),
    "gzip": tool("+tlv --test --list --verbose", free=True, needs="-t -l --test --list"),
    "unzip": tool("+lvtZ1q", needs="-l -t -v -Z"),
    "zgrep": tool("+aciEFhHilLnoqvwx", "-A -B -C -e -m", free=True),
    "tree": tool("+adfhpsDugi", "-L -I -P"),
    "test": tool(check="test"),
    "[": tool(check="test"),
    "echo": tool("+neE", free=True),
    "printf": tool(check="printf"),
    "seq": tool("-w", "-s -f"),
    "true": tool(),
    "false": tool(),
    ":": tool(),
    "cd": tool(),
    "pwd": tool("-P -L"),
    "sleep": tool(most=1, check="sleep"),
    "date": tool("-u --utc -R -I --iso-8601", "-d --date -r", check="date"),
    "which": tool("-a"),
    "type": tool("+atpP"),
    "command": tool("-v -V", needs="-v -V"),
    "cal": tool("+13my"),
}

# ---- this machine ----------------------------------------------------------------------------------------------------

_SYSTEMCTL = "--no-pager -l --full --all -a --failed -q --quiet --plain --no-legend --user"
_SYSTEMCTL_VALUED = "-n --lines -t --type --state -p --property -o --output"
_HOST = {
    "df": tool("+ahHiklPTm --human-readable --all --inodes --total", "-t -x -B --output --type", free=True),
    "du": tool(
        "+abcDhHkLlmsSx0 --summarize --human-readable --total --apparent-size",
        "-d --max-depth --exclude -t -B",
        free=True,
    ),
    "free": tool(
        "+bkmghtvwl --human --mega --giga --total --si",
        "-s -c --seconds --count",
        endless="-s --seconds",
        ends="-c --count",
    ),
    "uptime": tool("+psV --pretty --since"),
    "ps": tool(check="ps"),
    "pgrep": tool("+flavnoxc", "-u -U -P -t -s"),
    "pidof": tool("-s -x"),
    "pstree": tool("+apcnuhlgs"),
    "top": tool("+bcHiSs", "-n -p -u -U -o -d -w", endless="*", ends="-n", bound="-b -n 1"),
    "vmstat": tool("+amntwsd", "-S", check="samples", bound="1 5"),
    "iostat": tool("+cdhkmNtxyzp", "", check="samples", bound="1 5"),
    "mpstat": tool("-A", "-P -I", check="samples", bound="1 5"),
    "sar": tool("+AbBdHqrRSuvWwy", "-n -P -f -s -e", check="samples", bound="1 5"),
    "lsof": tool("+bCglnNOPRtUVX", "-i -p -u -c -a +D +d -s", free=True),
    "ss": tool("+nrlaoempiszbtuwx460O --summary --numeric --listening --all --processes --tcp --udp", "-f"),
    "netstat": tool("+vWnNeplaourtsixgM46 -c --continuous", endless="-c --continuous"),
    "ip": tool(
        "-4 -6 -s -d -br -brief -o -j -p -c",
        "",
        subs=_subs("addr address a link l route r neigh neighbour n rule", tool(check="shown")),
    ),
    "ifconfig": tool("-a -s", most=1),
    "arp": tool("+an", most=1),
    "hostname": tool("+fiIsdA", most=0),
    "hostnamectl": tool(subs=_subs("status", tool()), most=0),
    "timedatectl": tool(subs=_subs("status show timesync-status", tool()), most=0),
    "uname": tool("+asnrvmpio"),
    "id": tool("+ugnGr"),
    "whoami": tool(),
    "groups": tool(),
    "who": tool("+abdHlmpqrstTu"),
    "w": tool("+hsfoi"),
    "last": tool("+aFidwx0123456789", "-n -f -s -t"),
    "lastb": tool("+aFidwx", "-n"),
    "getent": tool(check="getent"),
    "nproc": tool("--all"),
    "lscpu": tool("+aebcpJxy"),
    "lsblk": tool("+abdfilmnOprSt", "-o"),
    "blkid": tool(),
    "lsmod": tool(),
    "mount": tool("-l", "-t", most=0),
    "findmnt": tool("+lnrDeA", "-o -t -T"),
    "dmesg": tool("+TtxHkuPLre -w --follow --human --ctime", "-l -f --level --since --until", endless="-w --follow"),
    "sysctl": tool("+aneN", check="sysctl"),
    "ulimit": tool("+SHacdflmnpqrstuvx", most=0),
    "env": tool(),
    "printenv": tool(),
    "crontab": tool("-l", "-u", needs="-l", asks="-e", destroys="-r"),
    "systemctl": tool(
        _SYSTEMCTL,
        _SYSTEMCTL_VALUED,
        subs=_subs(
            "status is-active is-enabled is-failed list-units list-timers list-unit-files list-dependencies"
            " list-sockets show cat get-default is-system-running",
            tool(_SYSTEMCTL, _SYSTEMCTL_VALUED),
        ),
        destroys="poweroff halt emergency",
    ),
    "service": tool(check="service"),
    "journalctl": tool(
        "+afelmxkrqb --no-pager --follow --reverse --utc --dmesg --boot --list-boots --disk-usage --quiet"
        " --no-hostname --all",
        "-u -n -p -S -U -o -t -g -b --unit --lines --priority --since --until --output --identifier --grep"
        " --case-sensitive",
        endless="-f --follow",
        destroys="--vacuum-size --vacuum-time --vacuum-files",
        bound="-n 200",
    ),
    "jstack": tool("+lem", most=1),
    "jps": tool("+lmvqV"),
    "jstat": tool("-t", "-h", check="jstat"),
    "jmap": tool("-histo -heap -clstats", needs="-histo -heap -clstats", most=1),
    "jcmd": tool(check="jcmd"),
    "nginx": tool("+tTvVq", "-c", needs="-t -T -v -V"),
    "apachectl": tool("-t -v -V -S", subs=_subs("configtest status fullstatus", tool())),
}

# ---- the network -----------------------------------------------------------------------------------------------------

_NETWORK = {
    "curl": tool(
        "+sSfiILkvgG46N --silent --show-error --fail --fail-with-body --include --head --location --insecure --verbose"
        " --globoff --get --compressed --http1.1 --http2 --no-buffer --no-progress-meter",
        "-X -H -u -m -o -w -A -b -e -r --request --header --user --max-time --connect-timeout --output --write-out"
        " --user-agent --cacert --cert --key --resolve --retry --retry-delay --retry-max-time --max-redirs --url"
        " --oauth2-bearer --unix-socket --range --interface",
        check="curl",
    ),
    "wget": tool(
        "+qSvd --spider --quiet --server-response --no-check-certificate --no-verbose",
        "-O -T -t --output-document --timeout --tries --header",
        check="wget",
    ),
    "ping": tool("+46nqDv", "-c -i -W -w -s -I -t", endless="*", ends="-c -w", bound="-c 4"),
    "ping6": tool("+nqDv", "-c -i -W -w -s -I", endless="*", ends="-c -w", bound="-c 4"),
    "dig": tool(check="dig"),
    "nslookup": tool("-type=a -type=mx -type=ns -type=txt -type=any -debug"),
    "host": tool("+46av", "-t -W"),
    "traceroute": tool("+46nI", "-m -q -w -p"),
    "tracepath": tool("+46nb", "-m"),
    "nc": tool("+zv46un", "-w", needs="-z"),
    "whois": tool("", "-h"),
    "openssl": tool(
        subs={
            "x509": tool(
                "-noout -text -enddate -startdate -dates -subject -issuer -fingerprint -serial -email -ocsp_uri"
                " -hash -sha256 -purpose -pubkey",
                "-in -inform -checkend -nameopt -certopt -ext",
                most=0,
            ),
            "s_client": tool(
                "-showcerts -brief -verify_return_error -tls1_2 -tls1_3 -tls1_1 -status -quiet -prexit",
                "-connect -servername -starttls -CAfile -CApath -verify -host -port -alpn",
                most=0,
                check="sends",
            ),
            "verify": tool("-verbose -show_chain", "-CAfile -CApath -untrusted -purpose"),
            "version": tool("-a"),
            "ciphers": tool("-v -V -s"),
            "dgst": tool("-sha256 -sha512 -sha1 -md5"),
            "crl": tool("-noout -text -lastupdate -nextupdate", "-in -inform", most=0),
        }
    ),
    "certbot": tool(subs=_subs("certificates", tool("", "-d --cert-name")), destroys="delete revoke"),
}

# ---- containers and clusters -----------------------------------------------------------------------------------------

_LOGS = tool(
    "-f --follow -t --timestamps --details", "--tail -n --since --until", endless="-f --follow", bound="--tail 200"
)
_PS = tool("+aqsln --all --quiet --no-trunc --latest --size --services", "-f --filter --format -n --last --status")
_IMAGES = tool("-a -q --all --quiet --no-trunc --digests", "-f --filter --format")
_STATS = tool("-a --all --no-trunc --no-stream", "--format", endless="*", ends="--no-stream", bound="--no-stream")
_INSPECT = tool("-s --size --pretty", "-f --format --type")
_LIST = tool("-a -q --quiet --no-trunc", "-f --filter --format")
_COMPOSE = tool(
    "--ansi --compatibility",
    "-f --file -p --project-name --profile --env-file --project-directory",
    subs={
        "ps": _PS,
        "logs": tool(
            "-f --follow -t --timestamps --no-color --no-log-prefix",
            "--tail -n --since --until --index",
            endless="-f --follow",
            bound="--tail=200",
        ),
        "images": _IMAGES,
        "top": tool(),
        "port": tool("", "--protocol --index"),
        "version": tool("--short"),
        "ls": _LIST,
        "config": tool(
            "-q --quiet --services --volumes --images --profiles", needs="-q --quiet --services --volumes --images"
        ),
        "stats": _STATS,
        "events": tool("--json", endless="*"),
        "exec": tool(check="compose exec"),
        "down": tool(check="never", destroys="-v --volumes --rmi"),
    },
    destroys="rm",
)
_DOCKER = tool(
    "",
    "--context -c -l --log-level",
    subs={
        **_subs("ps", _PS),
        "logs": _LOGS,
        "stats": _STATS,
        "images": _IMAGES,
        "inspect": _INSPECT,
        "top": tool(),
        "port": tool(),
        "version": tool("", "-f --format"),
        "info": tool("", "-f --format"),
        "diff": tool(),
        "history": tool("-H -q --no-trunc --human --quiet", "--format"),
        "events": tool("", "-f --filter --format --since --until", endless="*", ends="--until"),
        "exec": tool(check="docker exec"),
        "attach": tool(check="attach"),
        "container": tool(
            subs={"ls": _PS, "ps": _PS, "list": _PS, "logs": _LOGS, "stats": _STATS, "inspect": _INSPECT, "top": tool()}
            | {"exec": tool(check="docker exec"), "port": tool(), "diff": tool()},
            destroys="rm prune kill",
        ),
        "image": tool(
            subs={"ls": _IMAGES, "list": _IMAGES, "inspect": _INSPECT, "history": tool()}, destroys="rm prune"
        ),
        "network": tool(subs={"ls": _LIST, "list": _LIST, "inspect": _INSPECT}, destroys="rm prune"),
        "volume": tool(subs={"ls": _LIST, "list": _LIST, "inspect": _INSPECT}, destroys="rm prune"),
        "system": tool(subs={"df": tool("-v --verbose", "--format"), "info": tool()}, destroys="prune"),
        "builder": tool(destroys="prune"),
        "service": tool(
            subs={"ls": _LIST, "list": _LIST, "ps": _PS, "inspect": _INSPECT, "logs": _LOGS}, destroys="rm"
        ),
        "node": tool(subs={"ls": _LIST, "list": _LIST, "ps": _PS, "inspect": _INSPECT}, destroys="rm"),
        "stack": tool(subs={"ls": _LIST, "ps": _PS, "services": _LIST}, destroys="rm down"),
        "context": tool(subs={"ls": _LIST, "show": tool()}),
        "compose": _COMPOSE,
    },
    destroys="rm rmi kill",
)
_KUBECTL_COMMON = "-n --namespace --context --cluster --request-timeout -v --v --user"
_KUBECTL_PICK = "-A --all-namespaces --no-headers --show-labels --ignore-not-found --show-kind"
_KUBECTL_VALUED = (
    f"{_KUBECTL_COMMON} -l --selector -o --output --sort-by --field-selector -L --label-columns --chunk-size"
)
_KUBECTL = tool(
    "",
    _KUBECTL_COMMON,
    subs={
        "get": tool(
            f"{_KUBECTL_PICK} -w --watch --watch-only -R --recursive",
            f"{_KUBECTL_VALUED} -f --filename --raw --subresource",
            endless="-w --watch --watch-only",
            check="kubectl get",
        ),
        "describe": tool(_KUBECTL_PICK, f"{_KUBECTL_VALUED} --show-events -f --filename", check="kubectl get"),
        "logs": tool(
            "-f --follow -p --previous --timestamps --all-containers --prefix --ignore-errors --all-pods",
            f"{_KUBECTL_VALUED} --tail --since --since-time -c --container --limit-bytes --max-log-requests",
            endless="-f --follow",
            bound="--tail=200",
        ),
        "top": tool(
            subs=_subs("pod pods po node nodes no", tool(f"{_KUBECTL_PICK} --containers --sum", _KUBECTL_VALUED))
        ),
        "rollout": tool(
            subs=_subs("status history", tool("", f"{_KUBECTL_COMMON} --timeout --revision -w --watch -l -o"))
        ),
        "events": tool(f"{_KUBECTL_PICK} -w --watch", f"{_KUBECTL_VALUED} --for --types", endless="-w --watch"),
        "explain": tool("--recursive", "--api-version"),
        "version": tool("--short --client", "-o --output"),
        "cluster-info": tool(subs={}, most=0),
        "api-resources": tool("--namespaced", f"{_KUBECTL_VALUED} --verbs --api-group"),
        "api-versions": tool(),
        "auth": tool(subs=_subs("can-i whoami", tool("--list -q", _KUBECTL_COMMON))),
        "config": tool(subs=_subs("get-contexts current-context get-clusters get-users", tool("--no-headers", "-o"))),
        "wait": tool("--all", f"{_KUBECTL_VALUED} --for --timeout"),
        "exec": tool(check="kubectl exec"),
        "edit": tool(check="attach"),
        "attach": tool(check="attach"),
    },
    destroys="delete drain --force",
)
_HELM = tool(
    "--debug",
    "-n --namespace --kube-context",
    subs={
        **_subs("list ls", tool("+aqdA --all --all-namespaces --failed --pending", "-o --output -f --filter")),
        **_subs("status history", tool("--show-resources", "-o --output --revision --max")),
        "get": tool(subs=_subs("notes hooks metadata", tool("", "--revision"))),
        "version": tool("--short"),
        "show": tool(subs=_subs("chart readme values all crds", tool("", "--version --repo"))),
    },
    destroys="uninstall delete",
)
_CONTAINERS = {
    "docker": _DOCKER,
    "docker-compose": _COMPOSE,
    "podman": _DOCKER,
    "kubectl": _KUBECTL,
    "oc": _KUBECTL,
    "k": _KUBECTL,
    "helm": _HELM,
    "crictl": tool(
        subs={"ps": _PS, "pods": _PS, "logs": _LOGS, "images": _IMAGES, "stats": tool("-a"), "inspect": tool()}
    ),
    "nomad": tool(subs=_subs("status", tool("-verbose -short"))),
}

# ---- databases, queues, clouds ---------------------------------------------------------------------------------------

_MYSQL = "-u -h -P -D -S --user --host --port --database --socket --default-character-set --defaults-group-suffix"
_TERRAFORM = {"version": tool(), "validate": tool("-no-color -json"), "providers": tool()}
_AWS = "--profile --region --output --query"
_STORES = {
    "psql": tool(
        "+tAxXqnwl1e --csv --tuples-only --no-align --expanded --no-psqlrc --quiet --no-password --list",
        "-h -p -U -d -c -F -P -R --host --port --username --dbname --command --field-separator --pset",
        check="psql",
        asks="-W --password",
    ),
    "pg_isready": tool("-q --quiet", "-h -p -U -d -t"),
    "pg_controldata": tool("", "-D"),
    "pg_lsclusters": tool("-h"),
    "mysql": tool(
        "+NBstHEXv --batch --silent --table --skip-column-names --vertical --raw --ssl",
        f"-e --execute {_MYSQL}",
        check="mysql",
        asks="-p --password",
    ),
    "mysqladmin": tool(
        "-s -v -r",
        _MYSQL,
        subs=_subs("status processlist ping extended-status variables version proc", tool()),
        asks="-p --password",
        destroys="drop shutdown",
    ),
    "sqlite3": tool("-readonly -header -column -csv -json -line -list -batch -table", "-separator", check="sqlite"),
    "redis-cli": tool(
        "--raw --no-raw --csv --json --no-auth-warning --tls --bigkeys --memkeys --hotkeys -c --stat --latency -3 -2",
        "-h -p -n -a -u --user --pass -i --cacert --cert --key --sni -s",
        check="redis",
        asks="--askpass",
        endless="--stat --latency",
    ),
    "rabbitmqctl": tool(
        "-q --quiet --silent --no-table-headers --online --offline --local",
        "-n -p --vhost --node --formatter -t",
        subs=_subs(
            "status cluster_status list_queues list_connections list_channels list_consumers list_exchanges"
            " list_bindings list_vhosts node_health_check ping report",
            tool("-q --quiet --silent", "-p --vhost --formatter"),
        ),
        destroys="purge_queue delete_queue delete_vhost reset force_reset",
    ),
    **_subs(
        "kafka-topics kafka-topics.sh",
        tool(
            "--describe --list --under-replicated-partitions --unavailable-partitions --exclude-internal",
            "--bootstrap-server --topic --zookeeper --command-config",
            needs="--describe --list",
            destroys="--delete",
        ),
    ),
    **_subs(
        "kafka-consumer-groups kafka-consumer-groups.sh",
        tool(
            "--describe --list --all-groups --members --state --verbose --offsets",
            "--bootstrap-server --group --command-config --timeout",
            needs="--describe --list",
            destroys="--delete",
        ),
    ),
    "etcdctl": tool(
        "",
        "--endpoints --cacert --cert --key -w --write-out",
        subs={
            "endpoint": tool(subs=_subs("health status hashkv", tool("--cluster", "-w --write-out"))),
            "member": tool(subs=_subs("list", tool("", "-w"))),
            "version": tool(),
            "alarm": tool(subs=_subs("list", tool())),
        },
        destroys="del defrag",
    ),
    "git": tool(
        "--no-pager",
        "-C",
        subs={
            "status": tool("-s -b -u --short --branch --porcelain --ignored", "-u"),
            "log": tool(
                "+pruic0123456789 --oneline --graph --all --decorate --stat --patch --no-merges --merges --name-only"
                " --name-status --follow --reverse --abbrev-commit",
                "-n --since --until --author --grep --format --pretty --max-count --after --before --date -S -G -L",
            ),
            "show": tool("-s --stat --oneline --name-only --name-status --no-patch", "--format --pretty"),
            "diff": tool("-w -b --stat --cached --staged --name-only --name-status --check --quiet --shortstat", "-U"),
            "branch": tool(
                "+avr --list --all --show-current --remotes --merged --no-merged", most=0, destroys="-D -d --delete"
            ),
            "remote": tool("-v", subs={"get-url": tool()}, destroys="remove rm"),
            "rev-parse": tool("--short --abbrev-ref --verify --show-toplevel -q"),
            "describe": tool("--tags --always --dirty --abbrev --long", "--match"),
            "tag": tool("-l --list", "-n --sort --points-at", most=0, destroys="-d --delete"),
            "ls-files": tool("+cdmoits"),
            "blame": tool("+wsle", "-L"),
            "shortlog": tool("+sne"),
            "stash": tool(subs={"list": tool(), "show": tool()}, destroys="drop clear"),
            "reflog": tool(most=0),
            "version": tool(),
            "push": tool(check="never", destroys="-f --force --force-with-lease --delete --mirror"),
            "reset": tool(check="never", destroys="--hard"),
            "clean": tool(check="never", destroys="+fdxX --force"),
        },
    ),
    "terraform": tool("", "-chdir", subs=_TERRAFORM, destroys="destroy"),
    "aws": tool("--no-cli-pager --no-paginate", _AWS, check="aws"),
    "velero": tool(subs=_subs("get describe version", tool("", "-n -o"))),
}

TOOLS: Mapping[str, Tool] = MappingProxyType({**_FILES, **_HOST, **_NETWORK, **_CONTAINERS, **_STORES})
"""Programs that read, by their name without a path."""

WRAPPERS: Mapping[str, tuple[frozenset[str], frozenset[str], int]] = MappingProxyType(
    {
        "sudo": (_flags("+EHnb --non-interactive"), _flags("-u -g -p --user --group"), 0),
        "doas": (_flags("-n"), _flags("-u"), 0),
        "time": (_flags("-p -v"), _flags("-f"), 0),
        "timeout": (_flags("--foreground --preserve-status -v"), _flags("-k -s --kill-after --signal"), 1),
        "nice": (frozenset(), _flags("-n --adjustment"), 0),
        "ionice": (_flags("-t"), _flags("-c -n"), 0),
        "stdbuf": (frozenset(), _flags("-i -o -e"), 0),
        "nohup": (frozenset(), frozenset(), 0),
        "xargs": (_flags("+0rtpx --null --no-run-if-empty"), _flags("-n -I -L -P -d -s --max-args --max-procs"), 0),
        "builtin": (frozenset(), frozenset(), 0),
    }
)
"""Programs that start the one behind them: their flags, their flags with a value, and words before the command."""

EXECS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        "docker exec": (_flags("-i -t --interactive --tty"), _flags("-u -w -e --user --workdir --env")),
        "compose exec": (_flags("-T -i -t --no-TTY --interactive"), _flags("-u -w -e --user --workdir --env --index")),
        "kubectl exec": (
            _flags("-i -t --stdin --tty -q --quiet"),
            _flags(f"{_KUBECTL_COMMON} -c --container --pod-running-timeout"),
        ),
        "ssh": (_flags("+46CqTntxa"), _flags("-p -l -i -J -o")),
    }
)
"""Programs that start a command elsewhere: their flags and their flags with a value."""

TERMINAL = frozenset({"-t", "--tty"})
"""Flags of EXECS that want a person's terminal."""

ASKING = frozenset(
    [
        *(
            "vi",
            "vim",
            "nvim",
            "nano",
            "emacs",
            "ed",
            "less",
            "more",
            "most",
            "man",
            "view",
            "htop",
            "atop",
            "btop",
            "iotop",
        ),
        *(
            "nethogs",
            "iftop",
            "mc",
            "visudo",
            "vipw",
            "passwd",
            "su",
            "login",
            "screen",
            "tmux",
            "minicom",
            "k9s",
            "lazydocker",
        ),
        *(
            "mongo",
            "mongosh",
            "ftp",
            "sftp",
            "telnet",
            "gdb",
            "select",
            "read",
            "dialog",
            "whiptail",
            "pgcli",
            "mycli",
            "ctop",
        ),
    ]
)
"""Programs that want a person."""

SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ash", "ksh", "busybox"})
INTERPRETERS = frozenset({"python", "python2", "python3", "perl", "ruby", "node", "php", "lua", "irb", "ipython"})

DESTROYERS = frozenset(
    [
        *(
            "rm",
            "dd",
            "shred",
            "wipefs",
            "truncate",
            "fdisk",
            "parted",
            "sgdisk",
            "mkswap",
            "dropdb",
            "dropuser",
            "userdel",
        ),
        *("groupdel", "unlink", "srm", "pvremove", "vgremove", "lvremove", "zpool", "blkdiscard", "killall5", "mkfs"),
        *("deluser", "cryptsetup", "init", "shutdown", "reboot", "halt", "poweroff", "pg_resetwal", "pg_dropcluster"),
    ]
)
"""Programs that cannot be taken back."""

DESTROYING_FLAGS = frozenset(
    {"--force", "--purge", "--prune", "--no-preserve-root", "--delete", "-delete", "--hard", "--volumes"}
)
"""Flags that make any command that is not merely reading one that cannot be taken back."""

SAFE_VARIABLES = frozenset(
    [
        *(
            "PGPASSWORD",
            "PGUSER",
            "PGHOST",
            "PGPORT",
            "PGDATABASE",
            "PGCONNECT_TIMEOUT",
            "PGSSLMODE",
            "MYSQL_PWD",
            "REDISCLI_AUTH",
        ),
        *(
            "LANG",
            "LC_ALL",
            "LC_TIME",
            "TZ",
            "COLUMNS",
            "AWS_PROFILE",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "ETCDCTL_API",
        ),
        *("NO_COLOR", "KUBECTL_NAMESPACE", "DOCKER_HOST_NAME", "TERM", "SYSTEMD_COLORS", "SYSTEMD_PAGER_OFF"),
    ]
)
"""Variables that may stand before a command: none of them names a program, a library or a file to load."""

BUILTINS = frozenset(
    [
        *(
            "echo",
            "printf",
            "test",
            "[",
            "true",
            "false",
            ":",
            "cd",
            "pwd",
            "type",
            "command",
            "ulimit",
            "read",
            "export",
            "set",
        ),
        *(
            "source",
            ".",
            "eval",
            "exec",
            "trap",
            "unset",
            "alias",
            "local",
            "declare",
            "return",
            "exit",
            "wait",
            "shift",
            "builtin",
        ),
        *("let", "umask", "jobs", "fg", "bg", "kill", "history", "time"),
    ]
)
"""What a shell does itself; there is no file of that name to look for."""
