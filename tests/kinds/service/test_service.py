from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kinds.reading import context, fence

from opsguide.core.block import Heading, Item, Paragraph, Place, Section
from opsguide.core.nouns import Claim, Plan, State
from opsguide.kinds.service import KIND
from opsguide.kinds.service.spec import ServiceMemory, ServiceSpec

if TYPE_CHECKING:
    from opsguide.core.kind import Context


def _place(line: int) -> Place:
    return Place("guide.md", line, line)


def _guide(title: str, paragraph: str = "", *, deep: bool = False, level: int = 1) -> Section:
    blocks = (Paragraph(_place(4), paragraph, ()),) if paragraph else ()
    inner = Section(Heading(2, "Overview", "overview", _place(3)), _place(3), blocks if deep else (), ())
    heading = Heading(level, title, title.lower(), _place(1))
    return Section(heading, Place("guide.md", 1, 9), () if deep else blocks, (inner,))


def _read(section: Section, where: Context | None = None) -> list[Claim[ServiceSpec]]:
    return [item for item in KIND.read(section, where or context()) if isinstance(item, Claim)]


@pytest.mark.parametrize(
    ("title", "paragraph", "spec", "line"),
    [
        ("inventory-service - Operations Guide", "", ServiceSpec("inventory-service"), 1),
        ("Demo service - Operations Guide", "", ServiceSpec("Demo service"), 1),
        ("Operations Guide for Acme Shop", "", ServiceSpec("Acme Shop"), 1),
        ("Payments: SRE Runbook", "", ServiceSpec("Payments"), 1),
        (
            "🔧 Operations Guide",
            "This guide covers day-to-day operations, monitoring, and maintenance of the Dried Fruits System.",
            ServiceSpec("Dried Fruits System"),
            4,
        ),
        (
            "Operations Guide",
            "This guide covers maintenance for the Maintenance API in production environments.",
            ServiceSpec("Maintenance API", "production"),
            4,
        ),
        (
            "Service Operations Documentation",
            "This document outlines the operational procedures for managing and maintaining the core services.",
            ServiceSpec("core services"),
            4,
        ),
        ("Runbook", "This runbook is for Acme Shop and its workers.", ServiceSpec("Acme Shop"), 4),
    ],
)
def test_the_name_is_read(title: str, paragraph: str, spec: ServiceSpec, line: int) -> None:
    for deep in (False, True):
        (claim,) = _read(_guide(title, paragraph, deep=deep))
        assert (claim.spec, claim.place.line, claim.needs) == (spec, line, ())


@pytest.mark.parametrize(
    ("title", "paragraph"),
    [
        ("Operations Guide", ""),
        ("Service Operations Guide", "Start the service for the first time."),
        ("The Production Runbook", "This guide is long."),
    ],
)
def test_a_guide_that_names_nothing_has_no_service(title: str, paragraph: str) -> None:
    assert _read(_guide(title, paragraph)) == []


def test_only_the_guides_own_title_counts() -> None:
    assert _read(_guide("Acme - Operations Guide", level=2)) == []
    assert _read(_guide("Acme - Operations Guide"), context(title="Another - Operations Guide")) == []
    assert list(KIND.read(fence("x"), context())) == []


def test_every_open_name_of_the_guide_is_needed_once() -> None:
    inner = Section(None, _place(5), (fence("curl http://service-name/ [port]"), Item(_place(9), "[x]", 1)), ())
    guide = Section(Heading(1, "Acme Guide", "acme guide", _place(1)), _place(1), (fence("[port]"),), (inner,))
    (claim,) = _read(guide)
    assert claim.needs == ("[port]", "service-name")
    (filled,) = _read(guide, context(bindings={"[port]": "80", "service-name": "h"}))
    assert filled.needs == ()


def test_it_holds_when_nothing_is_open_and_asks_for_no_run() -> None:
    (claim,) = _read(_guide("Acme Guide"))
    assert KIND.judge(claim, ServiceMemory(), None, 0.0).verdict.state is State.HOLDS
    assert KIND.plan(claim) == Plan()


@given(st.text(), st.text())
def test_no_text_crashes_it(title: str, paragraph: str) -> None:
    _read(_guide(title, f"This guide is for the {paragraph}"))
