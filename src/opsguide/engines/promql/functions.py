"""Functions of an instant vector, element by element; the calendar; what is known and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from opsguide.engines.promql.overtime import FUNCTIONS as OVER_TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ELEMENTWISE: dict[str, Callable[[Floats], Floats]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "exp": np.exp,
    "ln": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "sgn": np.sign,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "deg": np.degrees,
    "rad": np.radians,
}

_DAY = 86400


def _days(seconds: Floats) -> NDArray[np.datetime64]:
    return np.floor(seconds / _DAY).astype(np.int64).astype("datetime64[D]")


def _floats(whole: NDArray[np.int64]) -> Floats:
    return np.asarray(whole, dtype=np.float64)


def _month(seconds: Floats) -> Floats:
    return _floats(_days(seconds).astype("datetime64[M]").astype(np.int64) % 12 + 1)


def _year(seconds: Floats) -> Floats:
    return _floats(_days(seconds).astype("datetime64[Y]").astype(np.int64) + 1970)


def _day_of_month(seconds: Floats) -> Floats:
    days = _days(seconds)
    return _floats((days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64) + 1)


def _day_of_year(seconds: Floats) -> Floats:
    days = _days(seconds)
    return _floats((days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64) + 1)


def _days_in_month(seconds: Floats) -> Floats:
    months = _days(seconds).astype("datetime64[M]")
    length = (months + np.timedelta64(1, "M")).astype("datetime64[D]") - months.astype("datetime64[D]")
    return _floats(length.astype(np.int64))


def _day_of_week(seconds: Floats) -> Floats:
    # 1970-01-01 was a Thursday; Sunday is 0.
    return np.asarray((np.floor(seconds / _DAY) + 4) % 7)


def _safe(part: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """NaN and infinities have no date: they stay what they are not, NaN."""

    def function(seconds: Floats) -> Floats:
        whole = np.isfinite(seconds)
        return np.where(whole, part(np.where(whole, np.trunc(seconds), 0.0)), np.nan)

    return function


CALENDAR: dict[str, Callable[[Floats], Floats]] = {
    "minute": _safe(lambda s: np.asarray(np.floor(s / 60) % 60)),
    "hour": _safe(lambda s: np.asarray(np.floor(s / 3600) % 24)),
    "day_of_week": _safe(_day_of_week),
    "day_of_month": _safe(_day_of_month),
    "day_of_year": _safe(_day_of_year),
    "days_in_month": _safe(_days_in_month),
    "month": _safe(_month),
    "year": _safe(_year),
}
"""Parts of the date and time, UTC, of Unix seconds; without an argument of the time of the evaluation."""


def rounded(values: Floats, to: Floats) -> Floats:
    """The nearest multiple of `to`; halves go up."""
    inverse = 1.0 / to
    return np.floor(values * inverse + 0.5) / inverse


KNOWN = frozenset(
    {
        *ELEMENTWISE,
        *CALENDAR,
        *OVER_TIME,
        *("quantile_over_time", "predict_linear", "double_exponential_smoothing", "absent_over_time"),
        *("absent", "scalar", "vector", "time", "pi", "timestamp", "round", "clamp", "clamp_min", "clamp_max"),
        *("histogram_quantile", "histogram_fraction", "label_replace", "label_join"),
        *("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"),
    }
)
_NATIVE = "native histograms are not stored"
REFUSED = {
    "histogram_avg": _NATIVE,
    "histogram_count": _NATIVE,
    "histogram_sum": _NATIVE,
    "histogram_stddev": _NATIVE,
    "histogram_stdvar": _NATIVE,
    "info": "it is experimental in Prometheus; join with group_left instead",
}
