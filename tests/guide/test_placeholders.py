from __future__ import annotations

import pytest

from opsguide.core.kind import Filled
from opsguide.guide.placeholders import Filler, find


def names(text: str, *, code: bool = True, language: str = "") -> list[str]:
    return [found.name for found in find(text, code=code, language=language)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("job_name: '[service-name]'", ["[service-name]"]),
        ("targets: ['[service-name]:[port]']", ["[service-name]", "[port]"]),
        ('up{job="[service-name]"} == 0', ["[service-name]"]),
        ("jstack -l <pid> > dump.txt", ["<pid>"]),
        ("kubectl logs <mysql-pod> -n x", ["<mysql-pod>"]),
        ("GET /users/{user_id}", ["{user_id}"]),
        ("curl https://yourdomain.com/health", ["yourdomain.com"]),
        ("http://yourdomain.com:3000", ["yourdomain.com"]),
        ("mail support@your-org.com", ["your-org.com"]),
        ("key: YOUR_API_KEY", ["YOUR_API_KEY"]),
        ("trivy image ghcr.io/yourusername/app", ["yourusername"]),
        ("https://auth.example.com/realms/[realm]", ["auth.example.com", "[realm]"]),
        ("- to: 'team@example.com'", ["team@example.com"]),
        ("api_url: 'https://hooks.slack.com/services/...'", ["https://hooks.slack.com/services/..."]),
        ("Phone: +1-XXX-XXX-XXXX", ["+1-XXX-XXX-XXXX"]),
        ("0 2 * * * /path/to/project/scripts/backup.sh", ["/path/to/project"]),
        ("curl -X GET http://service-name/health", ["service-name"]),
        ("redis-cli -h cache-host info", ["cache-host"]),
        ("kubectl rollout status deployment/service-name", ["service-name"]),
        ("name: service-name-hpa", ["service-name"]),
        ("service_key: '${PAGERDUTY_KEY}'", ["${PAGERDUTY_KEY}"]),
        ("pg_dump -h $DB_HOST", ["$DB_HOST"]),
    ],
)
def test_placeholders_are_found_in_code(text: str, found: list[str]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "group_by: ['alertname', 'severity']",
        "group_by: [alertname]",
        "group_by: [service]",
        "labels: [a, b]",
        "rate(x[5m])",
        "{{ $labels.instance }} is {{ $value }}",
        "{{ .Annotations.summary }}",
        "find . -exec rm -rf {} \\;",
        "%d{yyyy-MM-dd} [%thread] %-5level %logger{36}",
        "<maxHistory>30</maxHistory>",
        "awk '{print $1}'",
        "[mysqld]",
        "if [ -f x ]; then",
        "grep '[a-z]' file",
        "mktemp /tmp/x.XXXXXX",
        "go test ./...",
        "2024 [INFO] started",
        'status=~"5.."',
        "$(date +%Y%m%d)",
        "echo $1 $?",
        "cat <<EOF",
        "arr[name]",
        "--service-name=foo",
        "service-name: inventory",
        "a < b > c",
        "List<String> names",
        "localhost:8080",
    ],
)
def test_what_only_looks_like_a_placeholder_is_none(text: str) -> None:
    assert names(text) == []


def test_brackets_and_braces_of_program_text_are_none() -> None:
    assert names("print(f'{user}') or a [name]", language="python") == []
    assert names("<file>x", language="xml") == []


def test_in_prose_brackets_are_links_and_boxes() -> None:
    assert names("[service-name] is [ ] {x} $HOME_DIR service-name", code=False) == []
    assert names("ask <your-team> or platform@company.com", code=False) == ["<your-team>", "platform@company.com"]
    assert names("your service is yours, for your own good", code=False) == []
    assert names("a <br> b <b>c</b>", code=False) == []


def test_spans_are_those_of_the_names() -> None:
    text = 'x: "https://a/services/..." # [host name]'
    for found in find(text):
        assert text[found.start : found.end] == found.name


def test_filling_replaces_keys_wherever_they_stand() -> None:
    fill = Filler({"[service-name]": "inventory", "api:8080": "127.0.0.1:9", "http://yourdomain.com:3000": "http://g"})
    assert fill("targets: ['api:8080']") == Filled("targets: ['127.0.0.1:9']")
    assert fill("http://yourdomain.com:3000/x") == Filled("http://g/x")
    assert fill("[service-name]:[port] [port]") == Filled("inventory:[port] [port]", ("[port]",))


def test_the_longest_key_wins_and_values_are_not_filled_again() -> None:
    fill = Filler({"yourdomain.com": "short", "yourdomain.com:3000": "yourdomain.com", "a": "[port]"})
    assert fill("http://yourdomain.com:3000") == Filled("http://yourdomain.com")
    assert fill("x a x") == Filled("x [port] x")


def test_a_key_does_not_match_inside_a_word() -> None:
    fill = Filler({"port": "80", "$DB": "x", "service-name": "svc"})
    assert fill("export port $DB_HOST $DB service-name-hpa myservice-name").text == (
        "export 80 $DB_HOST x svc-hpa myservice-name"
    )


def test_a_key_that_covers_part_of_a_placeholder_fills_it() -> None:
    assert Filler({"yourdomain": "acme"})("https://yourdomain.com") == Filled("https://acme.com")


def test_references_stay_and_ask_for_nothing() -> None:
    assert Filler({})("key ${PAGERDUTY_KEY} $DB_HOST") == Filled("key ${PAGERDUTY_KEY} $DB_HOST")
    assert Filler({"$DB_HOST": "db"})("-h $DB_HOST") == Filled("-h db")


def test_filling_prose_leaves_brackets() -> None:
    assert Filler({})("[Name]", code=False) == Filled("[Name]")
    assert Filler({"[Name]": "Ann"})("[Name]", code=False) == Filled("Ann")
