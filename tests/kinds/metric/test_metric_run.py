"""Metrics against a real series store: bound, shown, stale and broken on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.kinds.measuring import House, claims_of, plan_of

from opsguide.core.facts import QuantityMeasured
from opsguide.core.nouns import Every, Flip, Lane, State, Verdict, Want
from opsguide.core.ports import WorldFault
from opsguide.kinds.metric import KIND
from opsguide.kinds.metric.spec import MetricMemory
from opsguide.world.sim.world import SimSeries

if TYPE_CHECKING:
    from opsguide.core.nouns import Claim, Evidence

GUIDE = """# Shop

## Metrics

- **Request Rate**: Monitor for unusual patterns
- **Latency**: P50, P95 response times
- **Inventory Levels**: Monitor stock alerts
- `api_requests_total` - Total API requests
"""
KINDS = {"api_requests_total": "counter", "api_request_duration_seconds": "histogram"}


def metrics() -> tuple[Claim[Any], ...]:
    return claims_of(KIND, GUIDE)


def verdict(claim: Claim[Any], seen: Evidence) -> Verdict:
    return KIND.judge(claim, MetricMemory(), seen, seen.at).verdict


def scrape(house: House, times: int = 1) -> None:
    for _ in range(times):
        n = (house.now - 1767225600.0) / 15.0
        values = {
            f'api_request_duration_seconds_bucket{{le="{le}"}}': k * n
            for le, k in (("0.1", 50), ("0.5", 95), ("+Inf", 100))
        }
        house.scrape(
            values
            | {
                'api_requests_total{status="200"}': 30.0 * n,
                "api_request_duration_seconds_count": 100.0 * n,
                "inventory_low_stock_alerts": 3.0,
            },
            KINDS,
        )


def test_all_metrics_share_one_batch_and_tell_their_quantity() -> None:
    plans = [plan_of(KIND, claim) for claim in metrics()]
    assert {(j.key, j.schedule, j.lane) for p in plans for j in p.jobs} == {("metric", Every(15.0), Lane.RULE)}
    assert plans[0].serves == (Want("quantity.measured", "request rate"),)


def test_fresh_series_hold_and_show_their_value_and_source() -> None:
    house = House(KIND)
    scrape(house, 30)
    rate, latency, stock, named = house.look(*metrics())
    shown = [verdict(claim, seen) for claim, seen in zip(metrics(), (rate, latency, stock, named), strict=True)]
    assert {one.state for one in shown} == {State.HOLDS}
    assert [one.value for one in shown] == ["2/s", "p50 100 ms, p95 500 ms", "3", "2/s"]
    assert "inventory_low_stock_alerts shares" in shown[2].because
    assert isinstance(rate.fact, QuantityMeasured)
    assert (rate.fact.quantity, rate.fact.unit, round(rate.fact.value, 6)) == ("request rate", "per_second", 2.0)
    assert [name for name, _ in latency.values] == ["p50_seconds", "p95_seconds"]


def test_the_planted_break_a_target_that_stops_is_unknown_and_never_holds() -> None:
    house = House(KIND)
    scrape(house, 8)
    house.wait(900.0)
    seen = house.look(*metrics())
    assert {(one.says, one.ok) for one in seen} == {("stale", False)}
    assert {verdict(claim, one).state for claim, one in zip(metrics(), seen, strict=True)} == {State.UNKNOWN}


def test_what_nothing_scraped_gives_is_unbound_and_says_what_would() -> None:
    house = House(KIND)
    house.scrape({"up": 1.0})
    seen = house.look(*metrics())
    first = verdict(metrics()[0], seen[0])
    assert first.state is State.UNBOUND
    assert "http_requests_total" in first.because


def test_percentiles_without_a_histogram_are_unbound() -> None:
    house = House(KIND)
    for i in range(4):
        house.scrape({"http_request_duration_seconds_sum": 1.0 * i, "http_request_duration_seconds_count": 10.0 * i})
    seen = house.look(metrics()[1])[0]
    assert verdict(metrics()[1], seen).state is State.UNBOUND


def test_the_first_scrape_has_no_rate_yet_which_is_unknown() -> None:
    house = House(KIND)
    scrape(house)
    seen = house.look(metrics()[0])[0]
    assert verdict(metrics()[0], seen).state is State.UNKNOWN
    assert "not enough samples yet" in seen.because


def test_fresh_series_that_counted_nothing_hold_without_a_value() -> None:
    house = House(KIND)
    for _ in range(4):
        values = {f'api_request_duration_seconds_bucket{{le="{le}"}}': 7.0 for le in ("0.1", "+Inf")}
        house.scrape(values | {"api_request_duration_seconds_count": 7.0}, KINDS)
    seen = house.look(metrics()[1])[0]
    told = verdict(metrics()[1], seen)
    assert (told.state, told.value, seen.topic) == (State.HOLDS, "", "")
    assert "nothing was counted" in told.because


def test_a_series_port_that_fails_is_evidence_and_no_exception() -> None:
    class Gone(SimSeries):
        async def catalogue(self) -> dict[str, Any]:
            raise WorldFault("refused", "nobody listens")

    seen = House(KIND, Gone()).look(*metrics())
    assert {(one.says, one.because) for one in seen} == {("stale", "nobody listens")}


def test_before_the_first_look_nothing_is_known_and_no_flip_tells_anybody() -> None:
    claim = metrics()[0]
    assert KIND.judge(claim, MetricMemory(), None, 0.0).verdict.state is State.UNKNOWN
    assert list(KIND.react(claim, Flip("m", "", 1, 0.0, State.HOLDS, State.BROKEN, "so"))) == []
