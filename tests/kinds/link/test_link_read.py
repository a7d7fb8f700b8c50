from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.reading import context, fence

from opsguide.core.block import Cell, Code, Fence, Heading, Item, Link, Paragraph, Place, Row, Section, Table
from opsguide.core.mend import Mend
from opsguide.core.nouns import Claim
from opsguide.kinds.link import KIND
from opsguide.kinds.link.spec import LinkSpec

if TYPE_CHECKING:
    from opsguide.core.block import Block, Node
    from opsguide.core.kind import Context


def _place(line: int) -> Place:
    return Place("guide.md", line, line)


def _item(*targets: str, codes: tuple[str, ...] = (), line: int = 3) -> Item:
    links = tuple(Link("text", target, _place(line)) for target in targets)
    return Item(_place(line), "text", 1, links=links, codes=tuple(Code(text, _place(line)) for text in codes))


def _claims(node: Node, where: Context | None = None) -> list[Claim[LinkSpec]]:
    return [item for item in KIND.read(node, where or context()) if isinstance(item, Claim)]


@pytest.mark.parametrize(
    ("target", "spec"),
    [
        ("DEPLOYMENT.md", LinkSpec("DEPLOYMENT.md", path="DEPLOYMENT.md", every_s=60.0)),
        ("../api/README.md", LinkSpec("../api/README.md", path="../api/README.md", every_s=60.0)),
        ("a.md#b-c", LinkSpec("a.md#b-c", path="a.md", anchor="b-c", every_s=60.0)),
        ("/docs/a.md?plain=1", LinkSpec("/docs/a.md?plain=1", path="docs/a.md", every_s=60.0)),
        ("https://h/x#frag", LinkSpec("https://h/x", web=True)),
    ],
)
def test_what_a_link_means(target: str, spec: LinkSpec) -> None:
    (claim,) = _claims(_item(target))
    assert (claim.spec, claim.place.line, claim.subject) == (spec, 3, target)


@pytest.mark.parametrize("target", ["#monitoring", "mailto:a@b.c", "tel:123", "slack://x", ""])
def test_what_is_no_claim(target: str) -> None:
    assert _claims(_item(target)) == []


def test_an_address_in_code_ticks_is_a_link_and_the_guides_port_counts() -> None:
    node = _item(codes=("http://yourdomain.com:3000", "kubectl get pods", "https://h/...", "curl http://h/"))
    (claim,) = _claims(node)
    assert claim.needs == ("yourdomain.com",)
    (bound,) = _claims(node, context(bindings={"yourdomain.com": "127.0.0.1:8443"}))
    assert (bound.spec.target, bound.needs) == ("http://127.0.0.1:3000", ())


def test_each_link_of_a_table_paragraph_or_item_is_one_claim() -> None:
    links = (Link("a", "a.md", _place(7)), Link("b", "b.md", _place(7)))
    cell = Cell("x", _place(7), links=links)
    table = Table(_place(5), (Cell("h", _place(5)),), (Row(_place(7), (cell,)),))
    blocks: list[Block] = [Paragraph(_place(7), "x", (), links=links), table, _item("a.md", "b.md")]
    assert [len(_claims(block)) for block in blocks] == [2, 2, 2]


def test_addresses_in_blocks_of_code_are_no_links() -> None:
    assert isinstance(fence("x"), Fence)
    assert _claims(fence("- api_url: 'https://hooks.slack.com/services/...'", "yaml")) == []


def _guide(*targets: str) -> Section:
    toc = tuple(_item(target, line=number) for number, target in enumerate(targets, start=3))
    names = ("Backup & Recovery", "Monitoring", "Monitoring", "🔧 Daily Operations")
    inner = tuple(
        Section(Heading(2, text, text.lower(), _place(20 + i)), _place(20 + i), (), ()) for i, text in enumerate(names)
    )
    return Section(None, _place(1), toc, inner)


@pytest.mark.parametrize(
    "target", ["#backup--recovery", "#Monitoring", "#monitoring-1", "#-daily-operations", "#daily-operations"]
)
def test_an_anchor_that_meets_a_heading_is_fine(target: str) -> None:
    assert list(KIND.read(_guide(target), context())) == []


def test_an_anchor_that_meets_none_is_a_warning_with_the_likely_one() -> None:
    (mend,) = KIND.read(_guide("#monitoring", "#monitorin-setup"), context())
    assert isinstance(mend, Mend)
    assert (mend.at.line, mend.rule, mend.mend) == (4, "link/anchor", "write #monitoring")


@given(st.text())
def test_no_text_crashes_it(text: str) -> None:
    list(KIND.read(_item(text, f"http://{text}", f"#{text}", codes=(text, f"http://{text}")), context()))
    list(KIND.read(_guide(f"#{text}"), context()))
