"""A demo's clocks are divided where they are judged, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from opsguide.core.mend import Unusable
from opsguide.core.settings import parse_settings
from opsguide.kernel.kinds import discover
from opsguide.kernel.live import live
from opsguide.kernel.plan import editions, load

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = """# Shop

### Alerts

```yaml
- alert: Slow
  expr: rate(slow_total[5m]) > 1
  for: 5m
```

```yaml
route:
  receiver: team
  group_interval: 10m
receivers:
  - name: team
    webhook_configs: [{url: 'http://127.0.0.1:1/'}]
```

### Daily tasks
- [ ] Sweep
"""


def test_times_are_divided_and_what_is_stated_is_not(tmp_path: Path) -> None:
    (tmp_path / "shop.md").write_text(GUIDE)
    (tmp_path / "opsguide.toml").write_text("[defaults]\nhasten = 20\n")
    found = live(editions(load([str(tmp_path / "shop.md")])), discover())
    (alert,) = (one for one in found.claims.values() if one.claim.kind == "alert")
    assert (alert.claim.spec.for_s, alert.claim.spec.interval_s) == (15.0, 1.0)
    assert alert.stated is not None
    assert alert.stated.spec.for_s == 300.0
    (tree,) = (one.claim.spec.tree for one in found.claims.values() if getattr(one.claim.spec, "tree", None))
    assert (tree.group_wait_s, tree.group_interval_s, tree.repeat_interval_s) == (1.5, 30.0, 720.0)


def test_a_haste_that_is_no_number_is_named() -> None:
    with pytest.raises(Unusable):
        parse_settings('[defaults]\nhasten = "20s"\n', "opsguide.toml")
