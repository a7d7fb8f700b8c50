from __future__ import annotations

import asyncio

from tests.web.fakes import NOW, page, stage

TASK = "task-shop-read-the-log"


def test_the_forms_act_and_lead_back_to_the_statement() -> None:
    async def scene() -> None:
        on = await stage()
        csrf = await on.call.sign_in("Ada")
        done = await on.call.form("/tick", {"csrf": csrf, "claim": TASK, "note": "fine"})
        assert (done.status, done.headers["location"]) == (303, f"/c/{TASK}")
        assert (await on.call.form("/trust", {"csrf": csrf, "claim": TASK, "days": "7"})).status == 303
        assert (await on.call.form("/trust", {"csrf": csrf, "claim": TASK, "days": "x"})).status == 400
        assert (await on.call.form("/trust", {"csrf": csrf, "claim": TASK, "days": "0"})).status == 400
        assert on.running.acts == [("tick", TASK, "Ada", "fine"), ("trust", TASK, "Ada", str(NOW + 7 * 86400))]
        on.running.refuses = "it is done already"
        refused = await on.call.form("/tick", {"csrf": csrf, "claim": TASK}, accept="text/html")
        assert refused.status == 409
        assert "it is done already" in refused.text
        assert (await on.call.form("/tick", {"csrf": csrf, "claim": "nope"})).status == 404

    asyncio.run(scene())


def test_the_api_is_described_for_people() -> None:
    said = page("/api/")
    assert "/api/claims/{id}/tick" in said
    assert "query_range" in said


def test_a_slash_that_was_left_out_is_added() -> None:
    async def scene() -> list[str]:
        on = await stage()
        return [(await on.call.get(path)).headers["location"] for path in ("/api", "/g/guide", "/g/a%0d%0ab")]

    assert asyncio.run(scene()) == ["/api/", "/g/guide/", "/g/a%250d%250ab/"]
