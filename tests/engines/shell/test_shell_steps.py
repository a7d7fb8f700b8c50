from __future__ import annotations

import pytest

from opsguide.engines.shell import EffectClass, Step, block, programs, shape, steps


def of(text: str) -> list[Step]:
    return steps(enumerate(text.strip("\n").split("\n"), start=10))


def test_a_block_is_split_at_its_comments() -> None:
    found = of("# 1. Create backup\n./backup.sh\n\n# 2. Deploy\ngit pull\n./deploy.sh\n")
    assert [(s.title, s.line, s.end_line, [c.text for c in s.commands]) for s in found] == [
        ("Create backup", 10, 11, ["./backup.sh"]),
        ("Deploy", 13, 15, ["git pull", "./deploy.sh"]),
    ]


def test_a_quote_that_stays_open_is_one_command_of_several_lines() -> None:
    (first, second) = of('# Count\npsql -c "\nSELECT 1;\n"\n# It\'s next\nls')
    (command,) = first.commands
    assert (command.text, command.line, command.end_line) == ('psql -c "\nSELECT 1;\n"', 11, 13)
    assert [c.text for c in second.commands] == ["ls"]


def test_a_quote_that_never_closes_swallows_nothing() -> None:
    assert [c.text for s in of("echo don't\nls") for c in s.commands] == ["echo don't", "ls"]


def test_a_comment_alone_is_a_step_for_a_person() -> None:
    found = of("# Check\nls\n\n# Increase the pool\n# Edit .env: POOL=20\n\n# Restart\nsystemctl restart api")
    assert [(s.title, len(s.commands)) for s in found] == [
        ("Check", 1),
        ("Increase the pool Edit .env: POOL=20", 0),
        ("Restart", 1),
    ]


def test_the_worst_command_of_a_block_is_its_effect() -> None:
    found = block(enumerate(["# Look", "df -h", "# Clean", "docker system prune -a"], start=1))
    assert (found.effect.kind, found.not_shell) == (EffectClass.DESTROY, "")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"status": "ok"}', "json"),
        ("<configuration>\n<a/>\n</configuration>", "xml"),
        ("SELECT 1;\nSELECT 2;", "sql"),
        ('JAVA_OPTS="-Xms2g -Xmx4g"', "environment"),
        ("# nightly\n0 2 * * * /srv/backup.sh", "crontab"),
        ("deploy:\n  resources:\n    limits:\n      memory: 2G", "yaml"),
        ('jvm-options = [\n "-Xms2g"\n]', "settings"),
        ("# redis.conf\nmaxmemory 4gb\nsave 900 1", "settings"),
        ("", "empty"),
        ("df -h", ""),
        ("# only words", ""),
        ("{ ls; }", ""),
        ("0 2 * * * x\nls", ""),
    ],
)
def test_what_is_no_shell_is_said_to_be_something_else(text: str, what: str) -> None:
    assert shape(text.split("\n")) == what
    if what:
        assert block([(1, line) for line in text.split("\n")]).not_shell == what


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        ("sudo docker-compose exec api python -c 1", ("sudo", "docker-compose")),
        ("kubectl logs x | grep y", ("kubectl", "grep")),
        ("./scripts/a.sh --x", ("./scripts/a.sh",)),
        ("bash scripts/a.sh", ("bash", "scripts/a.sh")),
        ("cd /srv && ls", ("ls",)),
        ("A=1 timeout 5 jq .", ("timeout", "jq")),
        ("echo $(date)", ("date",)),
        ("$TOOL x", ()),
        ("0 2 * * * /srv/backup.sh", ("/srv/backup.sh",)),
    ],
)
def test_programs_are_those_that_this_machine_would_need(command: str, needed: tuple[str, ...]) -> None:
    assert programs(command) == needed
