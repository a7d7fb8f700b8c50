from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.guide.toy import PLAIN, Toy, Words, claim, every_block, guide

from opsguide.core.block import Fence, Inherited, Item, Place, Section, Status
from opsguide.core.mend import Level, Mend
from opsguide.core.settings import Settings
from opsguide.guide.compile import Source, compile_guide
from opsguide.guide.render import Anchor, render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opsguide.core.block import Node
    from opsguide.core.guide import Guide
    from opsguide.core.kind import Context
    from opsguide.core.nouns import Claim


def places(found: Guide) -> Iterator[Place]:
    for one in found.claims:
        yield one.place
        yield from one.places
    for mend in found.findings:
        yield mend.at
        yield from mend.others
    for stretch in found.placeholders.values():
        yield from stretch
    yield from (item.place for item in found.unread)


def items(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
    if isinstance(node, Item):
        yield claim(node, node.text)


def test_a_claim_gets_what_its_kind_left_to_the_compiler() -> None:
    found = guide("# Guide\n\n## Weekly (planned)\n\n- rotate logs\n", Toy(items))
    (one,) = found.claims
    assert (one.id, one.status, one.headings) == ("toy-rotate-logs", Status.PLANNED, ("Guide", "Weekly (planned)"))
    assert (one.inherited.cadence, one.place.line, len(one.text_hash)) == ("weekly", 5, 64)
    assert (found.title, found.key, found.path) == ("Guide", "g", "g.md")


def test_what_the_kind_filled_itself_stays() -> None:
    own = Inherited(severity="info")

    def read(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
        for one in items(node, context):
            if not isinstance(one, Mend):
                yield replace(one, status=Status.EXAMPLE, inherited=own, headings=("x",), text_hash="h")

    (one,) = guide("# Planned\n- a\n", Toy(read)).claims
    assert (one.status, one.inherited, one.headings, one.text_hash) == (Status.EXAMPLE, own, ("x",), "h")


def test_the_text_hash_is_of_the_lines_and_not_of_their_place() -> None:
    hashes = {guide(text, Toy(items)).claims[-1].text_hash for text in ("- a 1\n", "\n\n# H\n\n- a 1  \n", "- a 2\n")}
    assert len(hashes) == 2


def test_a_fact_stated_again_is_one_claim_with_several_places() -> None:
    found = guide("# A\n- x: 1\n# B\n- x: 1\n- x: 1\n", Toy(items))
    (one,) = found.claims
    assert (one.place.line, [place.line for place in one.places]) == (2, [4, 5])


def test_the_same_subject_with_another_value_is_another_claim() -> None:
    def read(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
        if isinstance(node, Item):
            yield claim(node, node.text, subject="cpu")

    found = guide("# A\n- cpu < 70 %\n# B\n- cpu < 80 %\n", Toy(read))
    assert [one.id for one in found.claims] == ["toy-cpu-a", "toy-cpu-b"]


def test_a_planned_fact_does_not_restate_a_live_one() -> None:
    found = guide("# A\n- x: 1\n# Planned\n- x: 1\n", Toy(items))
    assert [one.status for one in found.claims] == [Status.ACTIVE, Status.PLANNED]


def test_two_readings_of_one_place_by_one_kind_are_the_fuller_one() -> None:
    def read(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
        if isinstance(node, Item):
            yield claim(node, "a", subject="s")
            yield claim(node, "a", subject="s", more="x")

    (one,) = guide("- a\n", Toy(read)).claims
    assert one.spec.more == "x"


def test_mends_of_kinds_are_findings_and_all_are_kept() -> None:
    def read(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
        if isinstance(node, Item):
            yield Mend(node.place, "wrong", "mend", "toy/wrong", Level.WARNING)
            yield claim(node, node.text)

    found = guide(b"- a\n- b \xff\n", Toy(read))
    assert [mend.rule for mend in found.findings] == ["file/utf8", "toy/wrong", "toy/wrong"]
    assert len(found.claims) == 2


def test_a_kind_that_raises_is_our_own_fault_with_its_place() -> None:
    def read(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
        if isinstance(node, Item):
            raise KeyError("x")
        return ()

    with pytest.raises(KeyError) as raised:
        guide("a\n\n- b\n", Toy(read, "clumsy"))
    assert raised.value.__notes__ == ["kind clumsy could not read g.md:3:1"]


def test_kinds_see_context() -> None:
    seen: list[Context] = []

    def read(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
        if isinstance(node, Fence):
            seen.append(context)
        return ()

    text = '# T\n## Critical Alerts (Slack)\n<!-- opsguide: a=1 -->\n```sh {"b": "2"}\nx [port]\n```\n'
    guide(text, Toy(read), settings=replace(PLAIN, bindings={"[port]": "80"}, defaults={"probe_interval": 5.0}))
    (context,) = seen
    assert (context.file, context.title, [heading.words for heading in context.path]) == (
        "g.md",
        "T",
        ["t", "critical alerts (slack)"],
    )
    assert (context.inherited.severity, context.inherited.channels) == ("critical", ("slack",))
    assert (dict(context.annotation), context.defaults) == ({"a": "1", "b": "2"}, {"probe_interval": 5.0})
    assert context.fill("x [port] [name]").needs == ("[name]",)
    assert context.email is not None


def test_an_annotation_names_the_kind_and_pins_the_id() -> None:
    found = guide("<!-- opsguide: kind=b id=mine -->\n- x\n- y\n", Toy(items, "a"), Toy(_b, "b"))
    assert [one.id for one in found.claims] == ["mine", "b-y"]


def _b(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
    if isinstance(node, Item):
        yield claim(node, node.text, kind="b")


def test_ignored_nodes_are_shown_to_no_kind() -> None:
    assert guide("<!-- opsguide: ignore -->\n# H\n- a [port]\n", Toy()).claims == ()


def test_front_matter_sets_service_environment_status_and_bindings() -> None:
    text = (
        "---\nopsguide:\n  service: shop\n  environment: staging\n  status: planned\n"
        "  vars: {'[port]': 1, '[a b]': 2}\n---\n- `[port] [a b]`\n"
    )
    found = guide(text, Toy(), settings=replace(PLAIN, bindings={"[port]": "9"}))
    (one,) = found.claims
    assert (found.service, one.inherited.environment, one.status, one.needs) == ("shop", "staging", Status.PLANNED, ())
    assert (found.unfilled, sorted(found.placeholders)) == ((), ["[a b]", "[port]"])


def test_the_service_claim_names_the_service() -> None:
    class Named(Words):
        name = "the shop"

    def read(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
        if isinstance(node, Section) and node.heading:
            yield replace(claim(node, node.heading.text, kind="service"), spec=Named())

    assert guide("# Shop\n", Toy(read, "service")).service == "the shop"


def test_a_folder_is_one_guide() -> None:
    sources = [
        Source("ops/a.md", b"# Ops\n- a\n"),
        Source("ops/b.md", b"- a\n- b\n"),
        Source("ops/p.yml", b"x: 1\n", native=True),
    ]
    found = compile_guide(sources, [Toy(every_block)], PLAIN, path="ops")
    assert (found.path, found.key, found.title) == ("ops", "ops", "Ops")
    assert [(one.place.file, one.place.line, len(one.places)) for one in found.claims] == [
        ("ops/a.md", 2, 1),
        ("ops/b.md", 2, 0),
        ("ops/p.yml", 1, 0),
    ]
    assert {item.heading for item in found.coverage} == {"Ops", ""}


def test_tables_of_the_settings_are_claimed_at_their_line() -> None:
    native = {"scrape_configs": [{"job_name": "api"}]}
    found = guide("# G\n", Toy(), settings=Settings(native=native, lines={"scrape_configs": 7}))
    (one,) = found.claims
    assert (one.place.file, one.place.line, found.files[-1].native) == ("opsguide.toml", 7, True)


def test_no_source_is_an_empty_guide() -> None:
    found = compile_guide([], [Toy()], PLAIN)
    assert (found.claims, found.files, found.key) == ((), (), "guide")


@pytest.mark.parametrize(
    "text",
    [
        "# a\n" * 3000,
        "- " * 10_000,
        "|a" * 500 + "|\n" + "|-" * 500 + "|\n" + "|x\n" * 500,
        "[" * 50_000,
        "**a _b " * 8_000,
        "`" * 30_000,
        "a\n" * 20_000,
        "x" * 1_000_000,
        "<!--" * 10_000,
        "${" * 20_000,
        "[a " * 20_000,
        "**" + "x:" * 9_000,
        "<a-" * 20_000,
        "- a b " * 5_000 + ":",
        "your-" * 20_000,
        "a." * 9_000 + "example.com",
        "XXX-" * 9_000,
        "/path/to/" * 5_000,
    ],
)
def test_no_shape_of_text_takes_forever(text: str) -> None:
    found = guide(text, Toy())
    assert all(1 <= place.line <= place.end_line <= len(found.files[0].lines) for place in places(found))


def test_a_guide_of_five_megabytes_compiles() -> None:
    code = "".join(f"kubectl get pods -n team-{number} --sort-by=.status.startTime\n" for number in range(40))
    part = f"## Check\n\n- **CPU**: < 70% of [x](y.md)\n- [ ] do `it` <now>\n\nWords.\n\n```bash\n{code}```\n\n"
    text = part * (5_000_000 // len(part))
    found = guide(text, Toy())
    assert len(found.files[0].lines) == text.count("\n")


_PIECES = st.sampled_from(
    [
        *("# H\n", "## A (9:00 AM)\n", "- a\n", "- [ ] b\n", "  - c\n", "1. **x**: y\n", "> q\n", "```sh\n", "```\n"),
        *(
            "| a | b |\n",
            "|---|---|\n",
            "\n",
            "\r\n",
            "\t",
            "    ",
            "`c`",
            "[l](t)",
            "<pid>",
            "<!-- opsguide: ignore -->\n",
        ),
        *(
            "---\n",
            "opsguide:\n",
            "\x00",
            "\ufeff",
            "\uf8ffüîß ",
            "ðŸ” ",
            "**",
            "$X",
            "[port]",
            "{x}",
            "\u2028",
            "a: b\n",
        ),
        *(
            "<!-- opsguide: id=x status=planned -->\n",
            "\\",
            "|",
            "http://a/...",
            "CPU > 80 %\n",
            "=\n",
            "***\n",
            "![i](j)",
        ),
    ]
)
_TEXTS = st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=40).map("".join))


def whole(found: Guide) -> None:
    """Every place lies inside its file, ids are unique, and the page renders."""
    lines = {file.path: file.lines for file in found.files}
    for place in places(found):
        assert 1 <= place.line <= place.end_line <= len(lines[place.file])
        assert 1 <= place.column <= len(lines[place.file][place.line - 1]) + 1
        assert place.end_column == 0 or place.end_column <= len(lines[place.file][place.end_line - 1]) + 1
    assert len({one.id for one in found.claims}) == len(found.claims)
    for file in found.files:
        render(file, [Anchor(one.id, place, one.kind) for one in found.claims for place in (one.place, *one.places)])


def every_part(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
    """Claims on everything that has a place."""
    parts = [node, *getattr(node, "codes", ()), *getattr(node, "links", ()), *getattr(node, "labels", ())]
    parts += [cell for row in getattr(node, "rows", ()) for cell in row.cells]
    if getattr(node, "label", None):
        parts.append(node.label)  # type: ignore[union-attr]
    for part in parts:
        yield replace(claim(node, "x"), place=part.place)
    if isinstance(node, Fence):
        for line in node.lines:
            yield replace(claim(node, line.text), place=Place(node.place.file, line.number, line.number, line.cut + 1))


@given(_TEXTS)
@hypothesis_settings(max_examples=150, deadline=None)
def test_no_text_crashes_the_compiler(text: str) -> None:
    whole(guide(text.encode("utf-8", "surrogatepass"), Toy(every_part), Toy()))


@given(st.binary(max_size=200))
@hypothesis_settings(max_examples=50, deadline=None)
def test_no_bytes_crash_the_compiler(data: bytes) -> None:
    whole(guide(data, Toy(every_part)))
    whole(compile_guide([Source("p.yml", data, native=True)], [Toy()], PLAIN))


@pytest.mark.seeds
def test_every_seed_compiles_whole(seeds: Path) -> None:
    for path in sorted(seeds.glob("*.md")):
        found = compile_guide([Source(path.name, path.read_bytes())], [Toy(every_part), Toy()], PLAIN)
        whole(found)
        assert not [mend for mend in found.findings if mend.level is not Level.NOTE]
