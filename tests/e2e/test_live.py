"""`opsguide run` from outside: one page, across kill -9 too; one resolve; a lost service pages once.

Real time and real processes; the same in virtual time, and faster, is tests/kernel.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.e2e.town import SETTINGS, Town, for_a_while, opsguide, serve, until
from tests.servers import free_port

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = """# Corner Shop - Operations Guide

## Health checks

```bash
curl -f http://127.0.0.1:{port}/health
```

## Monitoring

```yaml
scrape_configs:
  - job_name: shop
    scrape_interval: 1s
    static_configs:
      - targets: ['127.0.0.1:{port}']
```

## Alerts

```yaml
- alert: ShopClosed
  expr: shop_open < 1
  for: 1s
  labels:
    severity: critical
  annotations:
    summary: "{{{{ $labels.job }}}} closed: {{{{ $value }}}}"
```

```yaml
route:
  receiver: hook
  group_by: ['alertname']
  group_wait: 1s
  group_interval: 2s
receivers:
  - name: hook
    webhook_configs:
      - url: http://127.0.0.1:{hook}/hook
```

### Daily tasks
- [ ] Sweep the floor
"""


@pytest.mark.server
def test_one_page_across_a_crash_one_resolve_and_one_cause_one_group(tmp_path: Path) -> None:
    town, target, hook, port = Town(), free_port(), free_port(), free_port()
    (tmp_path / "guide.md").write_text(GUIDE.format(port=target, hook=hook))
    (tmp_path / "opsguide.toml").write_text(SETTINGS)
    shop, mailbox = serve(town, target), serve(town, hook)
    try:
        with opsguide(tmp_path, port) as run:
            wanted = ("probe", "scrape", "alert")
            until("all holds", 20, lambda: all(run.states()[kind] == "holds" for kind in wanted))
            assert run.states()["task"] == "waiting"
            town.open = 0
            until("one page", 15, lambda: town.sent("firing", "ShopClosed") == 1)
            assert town.letters[0].body["alerts"][0]["annotations"]["summary"] == "shop closed: 0"
            run.process.send_signal(signal.SIGKILL)
            run.process.wait()
        with opsguide(tmp_path, port) as run:
            until("still broken", 10, lambda: run.states()["alert"] == "broken")
            for_a_while(4, lambda: (town.sent("firing", "ShopClosed"), town.sent("resolved", "ShopClosed")) == (1, 0))
            town.open = 1
            until("one resolve", 15, lambda: town.sent("resolved", "ShopClosed") == 1)
            assert town.sent("firing", "ClaimBroken") == 0
            shop.shutdown()
            shop.server_close()
            until("the lost service shows", 15, lambda: {run.states()[k] for k in ("probe", "scrape")} == {"broken"})
            until("what is not seen is unknown", 15, lambda: run.states()["alert"] == "unknown")
            until("somebody is told", 15, lambda: town.sent("firing", "ClaimBroken") >= 1)
            for_a_while(4, lambda: town.sent("firing", "ShopClosed") == 1 == town.sent("resolved", "ShopClosed"))
        groups = {one.body["groupKey"] for one in town.letters if one.is_about("firing", "ClaimBroken")}
        assert len(groups) == 1
    finally:
        mailbox.shutdown()
        mailbox.server_close()
        shop.server_close()
