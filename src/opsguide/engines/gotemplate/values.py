"""How Go prints values: %v of everything a template can hold, and printf."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Value = object
"""str, float (float64), int, bool, None, dict, list or Struct."""

_VERB = re.compile(r"%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z%])|%$", re.DOTALL)
_EXPONENTS = range(-4, 6)
"""Decimal exponents that Go's shortest form writes without an `e`."""
_LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Struct:
    """A Go struct: fields by name; a field it lacks is an error, other than with a map."""

    fields: Mapping[str, Value] = field(default_factory=dict)


def type_name(value: Value) -> str:
    """Go's name of the value's type."""
    if value is None:
        return "<nil>"
    names = {
        bool: "bool",
        int: "int",
        float: "float64",
        str: "string",
        dict: "map[string]string",
        list: "[]interface {}",
    }
    return names.get(type(value), "struct")


def show(value: Value) -> str:
    """The value as `{{ . }}` prints it."""
    if value is None:
        return "<no value>"
    return _plain(value)


def _plain(value: Value) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_plain(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_plain, value)) + "]"
    if isinstance(value, Struct):
        return "{" + " ".join(map(_plain, value.fields.values())) + "}"
    return str(value)


def float_text(value: float, precision: int = -1, verb: str = "g") -> str:
    """A float64 as %v prints it: shortest digits, an exponent from 1e+06 on and below 1e-04, NaN, +Inf, -Inf.

    precision: significant digits of %.4g, or digits after the point of %e and %f; -1 is the shortest.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if verb == "f":
        return f"{value:.{precision if precision >= 0 else 6}f}"
    if verb == "e":
        return f"{value:.{precision if precision >= 0 else 6}e}"
    if precision >= 0:
        return f"{value:.{max(precision, 1)}g}"
    return _shortest(value)


def _shortest(value: float) -> str:
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    if value == 0:
        return f"{sign}0"
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + part) - len((whole + part).lstrip("0")))
    digits = digits.rstrip("0") or "0"
    if point - 1 not in _EXPONENTS:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{tail}e{'-' if point < 1 else '+'}{abs(point - 1):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if len(digits) <= point:
        return f"{sign}{digits}{'0' * (point - len(digits))}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def printf(form: str, args: Sequence[Value]) -> str:
    """Go's Sprintf for the verbs v d s q f F g G e E x X t c U T b o and %%, its complaints included."""
    left = iter(args)
    out: list[str] = []
    at = 0
    for found in _VERB.finditer(form):
        out.append(form[at : found.start()])
        out.append(_verb(found, left))
        at = found.end()
    out.append(form[at:])
    extra = ", ".join(f"{type_name(value)}={_plain(value)}" for value in left)
    return "".join(out) + (f"%!(EXTRA {extra})" if extra else "")


def _verb(found: re.Match[str], left: Iterator[Value]) -> str:
    flags, width, precision, verb = found[1] or "", found[2], found[3], found[4]
    if verb is None:
        return "%!(NOVERB)"
    if verb == "%":
        return "%"
    if width == "*":
        width = _counted(left)
    if precision == "*":
        precision = _counted(left)
    nothing = object()
    value = next(left, nothing)
    if value is nothing:
        return f"%!{verb}(MISSING)"
    digits = int(precision) if precision else (0 if "." in found[0] else -1)
    text = _formatted(verb, flags, min(digits, _LONGEST), value)
    return _padded(text, flags, min(int(width or 0), _LONGEST), numeric=isinstance(value, int | float))


def _counted(left: Iterator[Value]) -> str:
    value = next(left, 0)
    return str(value) if isinstance(value, int) and value >= 0 else "0"


def _padded(text: str, flags: str, width: int, *, numeric: bool) -> str:
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and numeric:
        sign = text[0] if text[:1] in {"-", "+"} else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _formatted(verb: str, flags: str, digits: int, value: Value) -> str:
    text: str | None = None
    if isinstance(value, bool):
        text = _plain(value) if verb in "tv" else None
    elif isinstance(value, int):
        text = _int(verb, value)
    elif isinstance(value, float):
        text = _float(verb, digits, value)
    elif isinstance(value, str):
        text = _string(verb, digits, value)
    elif verb in "vs":
        text = _plain(value)
    if verb == "T":
        return type_name(value)
    if text is None:
        return f"%!{verb}({type_name(value)}={_plain(value)})"
    signed = "+" in flags and isinstance(value, int | float) and not isinstance(value, bool)
    return f"+{text}" if signed and text[0] not in "+-" else text


def _int(verb: str, value: int) -> str | None:
    forms = {"d": "d", "v": "d", "x": "x", "X": "X", "o": "o", "b": "b"}
    if verb in forms:
        return format(value, forms[verb])
    if verb == "c":
        return chr(value)
    return f"U+{value:04X}" if verb == "U" else None


def _float(verb: str, digits: int, value: float) -> str | None:
    if verb not in "vgGfFeE":
        return None
    return (
        float_text(value, digits, "g" if verb == "v" else verb.lower())
        if verb not in "GE"
        else (float_text(value, digits, verb.lower()).upper())
    )


def _string(verb: str, digits: int, value: str) -> str | None:
    cut = value if digits < 0 else value[:digits]
    if verb in "vs":
        return cut
    if verb == "q":
        return '"' + cut.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
    return value.encode().hex() if verb in "xX" else None
