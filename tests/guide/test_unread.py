from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.guide.toy import Toy, Words, claim, guide

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opsguide.core.block import Node
    from opsguide.core.kind import Context
    from opsguide.core.mend import Mend
    from opsguide.core.nouns import Claim

TEXT = """# Guide

Plain prose about the system.

- CPU stays under 80
- Backups are kept 30 days
- Logs are rotated weekly
- See http://host/health

| Name | Limit |
|------|-------|
| lag  | > 5   |

```bash
# restart the thing
kubectl rollout restart deployment/x
echo done
```
"""


def test_lines_that_look_operational_are_named_with_the_smallest_edit() -> None:
    found = {item.place.line: item.why for item in guide(TEXT).unread}
    assert sorted(found) == [5, 6, 7, 8, 12, 16]
    assert "limit" in found[5]
    assert "number with a unit" in found[6]
    assert "cadence" in found[7]
    assert "address" in found[8]
    assert "limit" in found[12]
    assert "command" in found[16]


def test_schedules_and_resources_in_code_are_named_and_their_comments_are_not() -> None:
    text = "```\n# curl it\n0 2 * * * /opt/x.sh\nkind: HorizontalPodAutoscaler\n  kind: Deployment\n1 2 3\n```\n"
    assert [(item.place.line, item.why.split(" that")[0]) for item in guide(text).unread] == [
        (3, "a schedule"),
        (4, "a Kubernetes resource"),
    ]


def test_what_a_claim_covers_is_read() -> None:
    assert guide(TEXT, Toy()).unread == ()


def test_ignored_lines_are_not_asked_about() -> None:
    assert guide("<!-- opsguide: ignore -->\n- CPU > 80 %\n").unread == ()


def test_coverage_counts_every_line_once() -> None:
    text = "intro\n\n# A\n\n- one\n- two [x] 5 %\n- `<pid>` three\n\n## B\nprose\n"
    found = guide(text, Toy(_ones))
    said = [(c.heading, c.line, c.lines, c.claimed, c.unbound, c.candidates, c.prose) for c in found.coverage]
    assert said == [("", 1, 1, 0, 0, 0, 1), ("A", 3, 3, 1, 1, 1, 0), ("B", 9, 1, 0, 0, 0, 1)]


def _ones(node: Node, context: Context) -> Iterable[Claim[Words] | Mend]:
    text = getattr(node, "text", "")
    if text == "one":
        yield claim(node, text)
    elif "three" in text:
        yield replace(claim(node, text), needs=("<pid>",))
