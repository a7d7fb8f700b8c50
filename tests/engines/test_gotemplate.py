"""Go templates as Prometheus expands them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsguide.engines.gotemplate import check, render

LABELS = {"instance": "10.0.0.1:9100", "job": "node", "severity": "critical"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (0.5, "0.5"),
        (93.75, "93.75"),
        (1 / 3, "0.3333333333333333"),
        (100000.0, "100000"),
        (123456.0, "123456"),
        (123456.5, "123456.5"),
        (1e6, "1e+06"),
        (1234567.0, "1.234567e+06"),
        (123456789.0, "1.23456789e+08"),
        (1e21, "1e+21"),
        (1e100, "1e+100"),
        (0.0001, "0.0001"),
        (0.00005, "5e-05"),
        (-2.5e-7, "-2.5e-07"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_the_value_prints_as_go_prints_a_float(value: float, text: str) -> None:
    assert render("{{ $value }}", {}, value) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{{ $labels.instance }} is {{ $value }}", "10.0.0.1:9100 is 93.756"),
        ("{{ .Labels.job }}/{{ .Value }}", "node/93.756"),
        ("{{ $labels }}", "map[instance:10.0.0.1:9100 job:node severity:critical]"),
        ("{{ $labels.nowhere }}|", "|"),
        ("{{$externalURL}}{{ $externalLabels.region }}", "http://guide/eu"),
        ("a {{- $value -}} b", "a93.756b"),
        ("a {{/* nothing }} here */}} b", "a  b"),
        ("{{ printf `%.2f` $value }}", "93.76"),
        ('{{ printf "%.1f%%" $value }}', "93.8%"),
        ('{{ $value | printf "%.0f" }}', "94"),
        ('{{ printf "%d" $value }}', "%!d(float64=93.756)"),
        ('{{ printf "%s" $value }}', "%!s(float64=93.756)"),
        ('{{ printf "%v %v" 1 }}', "1 %!v(MISSING)"),
        ('{{ printf "%v" 1 "x" }}', "1%!(EXTRA string=x)"),
        ('{{ printf "%5d|%-5d|%05d|%+d" 42 42 42 42 }}', "   42|42   |00042|+42"),
        ('{{ printf "%q %x %t" "a" 255 true }}', '"a" ff true'),
        ("{{ humanize $value }}", "93.76"),
        ("{{ 1234567.0 | humanize }}", "1.235M"),
        ("{{ humanize 0.00021 }}", "210u"),
        ("{{ humanize1024 1048576 }}", "1Mi"),
        ("{{ humanize1024 1536 }}", "1.5ki"),
        ("{{ humanizePercentage 0.1234 }}", "12.34%"),
        ("{{ humanizeDuration 5400 }}", "1h 30m 0s"),
        ("{{ humanizeDuration 90061 }}", "1d 1h 1m 1s"),
        ("{{ humanizeDuration 59.5 }}", "59.5s"),
        ("{{ humanizeDuration 0.0321 }}", "32.1ms"),
        ("{{ humanizeDuration -65 }}", "-1m 5s"),
        ("{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"),
        ("{{ humanizeTimestamp 0 }}", "1970-01-01 00:00:00 +0000 UTC"),
        ('{{ "2" | humanize }}', "2"),
        ('{{ title "high load" }} {{ toUpper "a" }}{{ toLower "B" }}', "High Load Ab"),
        ("{{ $labels.instance | stripPort }}", "10.0.0.1"),
        ('{{ stripDomain "db1.example.com:80" }} {{ stripDomain "10.0.0.1:80" }}', "db1:80 10.0.0.1:80"),
        ('{{ reReplaceAll "([a-z]+)-(.*)" "$2-${1}" "abc-9" }}', "9-abc"),
        ('{{ match "^10" $labels.instance }}', "true"),
        ("{{ if gt $value 90.0 }}high{{ else }}low{{ end }}", "high"),
        ("{{ if lt $value 90.0 }}low{{ else if eq $labels.job `node` }}node{{ else }}?{{ end }}", "node"),
        ('{{ if and (eq $labels.job "node") (not $labels.x) }}yes{{ end }}', "yes"),
        ('{{ or $labels.x "none" }}', "none"),
        ('{{ if eq $labels.job "a" "node" }}one of{{ end }}', "one of"),
        ("{{ with $labels.job }}{{ . }}{{ end }}{{ with $labels.x }}{{ . }}{{ else }}-{{ end }}", "node-"),
        (
            "{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}",
            "instance=10.0.0.1:9100;job=node;severity=critical;",
        ),
        ("{{ range $labels }}{{ if eq . `node` }}{{ break }}{{ end }}{{ . }} {{ end }}", "10.0.0.1:9100 "),
        ("{{ range $labels }}{{ if eq . `node` }}{{ continue }}{{ end }}x{{ end }}", "xx"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x }}{{ end }}{{ $x }}", "21"),
        ('{{ len $labels }} {{ index $labels "job" }} {{ slice "abcdef" 1 3 }}', "3 node bc"),
        ("{{ print 1 2 `a` 3 }} {{ println 1 `b` }}", "1 2a3 1 b\n"),
        ('{{ html "<a&\\"b\\">" }} {{ urlquery "a b&c" }}', "&lt;a&amp;&#34;b&#34;&gt; a+b%26c"),
        ('{{ (index $labels "job") | toUpper }}', "NODE"),
        ("{{ `{{ raw }}` }}", "{{ raw }}"),
        ('{{ parseDuration "1h30m" }}', "5400"),
        ("{{ gt 2 1 }}{{ le 1.5 1.5 }}{{ ne `a` `b` }}", "truetruetrue"),
    ],
)
def test_templates_expand_as_in_prometheus(template: str, text: str) -> None:
    assert check(template) == []
    found = render(template, LABELS, 93.756, external_labels={"region": "eu"}, external_url="http://guide/")
    assert found == text


@pytest.mark.parametrize(
    ("template", "offset", "said"),
    [
        ("{{ $labels.job ", 0, "unclosed action"),
        ("a {{ nofunction $value }}", 5, 'function "nofunction" not defined'),
        ("{{ if $value }}x", 0, "no end"),
        ("{{ end }}", 0, "unexpected {{end}}"),
        ("{{ $nowhere }}", 3, 'undefined variable "$nowhere"'),
        ("{{ }}", 0, "missing value"),
        ('{{ "open }}', 0, "unclosed action"),
        ("{{ $value | }}", 3, "missing value"),
        ("{{ (print 1 }}", 3, "unclosed left paren"),
        ("{{ $value ) }}", 10, "unexpected"),
        ("{{ template `x` }}", 0, "not supported"),
        ("{{ break }}", 0, "outside"),
        ("{{ 5 % 2 }}", 5, "unexpected"),
    ],
)
def test_a_template_that_cannot_be_read_is_found_with_its_place(template: str, offset: int, said: str) -> None:
    (fault,) = check(template)
    assert (fault.offset, said in fault.message) == (offset, True), fault.message
    assert render(template, LABELS, 1.0).startswith("<error expanding template: ")


@pytest.mark.parametrize(
    "template",
    [
        "{{ gt $value 5 }}",
        "{{ humanize `abc` }}",
        '{{ query "up" | first }}',
        "{{ $value.x }}",
        "{{ index $labels.job 99 }}",
        '{{ reReplaceAll "(" "" "x" }}',
        "{{ humanize }}",
        "{{ .Nothing }}",
        "{{ range $i := 60000 }}aaaaaaaaaaaaaaa{{ end }}",
    ],
)
def test_what_fails_while_it_runs_becomes_text_and_the_alert_still_fires(template: str) -> None:
    assert render(template, LABELS, 1.0).startswith("<error expanding template: ")


@given(
    st.lists(st.sampled_from(["{{", "}}", " ", "$value", "if", "end", "|", "(", ")", "printf", '"%*d"', "1", ".", "-"]))
)
def test_no_template_raises(parts: list[str]) -> None:
    text = "".join(parts)
    check(text)
    render(text, LABELS, 1.5)


@given(st.text(max_size=60))
def test_text_without_actions_stays_as_it_is(text: str) -> None:
    if "{{" not in text:
        assert render(text, {}, 0.0) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [("{{ $value | humanise }}", "write humanize"), ("{{ $labels.job }", "close it with }}"), ("{{ nothing }}", "")],
)
def test_a_template_that_cannot_be_read_says_what_to_write_where_that_is_known(text: str, hint: str) -> None:
    (fault,) = check(text)
    assert fault.hint == hint
