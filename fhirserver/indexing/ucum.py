"""UCUM units as multiples of their base units, so that 5.4 mg and 0.0054 g are found alike.

https://ucum.org/ucum. Units on a special scale (temperature apart from kelvin, pH, logarithms) have no factor: they stay themselves.
"""

import re
from collections import Counter
from decimal import Context, Decimal
from functools import lru_cache
from typing import NamedTuple

UCUM = "http://unitsofmeasure.org"

_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "d": -1, "c": -2,
    "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
# Each: a factor and an expression in units that stand before it. Base units have none.
_BASE = ("m", "s", "g", "rad", "K", "C", "cd")
_METRIC = {
    "mol": ("6.0221367e23", ""), "sr": ("1", "rad2"), "Hz": ("1", "s-1"), "N": ("1000", "g.m.s-2"),
    "Pa": ("1", "N.m-2"), "J": ("1", "N.m"), "W": ("1", "J.s-1"), "A": ("1", "C.s-1"), "V": ("1", "J.C-1"),
    "F": ("1", "C.V-1"), "Ohm": ("1", "V.A-1"), "S": ("1", "Ohm-1"), "Wb": ("1", "V.s"), "T": ("1", "Wb.m-2"),
    "H": ("1", "Wb.A-1"), "lm": ("1", "cd.sr"), "lx": ("1", "lm.m-2"), "Bq": ("1", "s-1"), "Gy": ("1", "J.kg-1"),
    "Sv": ("1", "J.kg-1"), "l": ("0.001", "m3"), "L": ("0.001", "m3"), "ar": ("100", "m2"), "t": ("1000", "kg"),
    "bar": ("100000", "Pa"), "u": ("1.6605402e-24", "g"), "eV": ("1.60217733e-19", "J"), "cal": ("4.184", "J"),
    "eq": ("1", "mol"), "osm": ("1", "mol"), "kat": ("1", "mol.s-1"), "m[H2O]": ("9806.65", "Pa"),
    "m[Hg]": ("133322", "Pa"), "g%": ("1", "g.dl-1"), "dyn": ("0.00001", "N"), "erg": ("1e-7", "J"),
}  # fmt: skip
_ENZYMES = {"U": ("1e-6", "mol.min-1")}
# Arbitrary units: a dimension of their own each.
_ARBITRARY = (
    "[iU]",
    "[IU]",
    "[arb'U]",
    "[USP'U]",
    "[CFU]",
    "[FFU]",
    "[PFU]",
    "[TCID_50]",
    "[BAU]",
    "[AU]",
    "[D'ag'U]",
)
_PLAIN = {
    "min": ("60", "s"), "h": ("60", "min"), "d": ("24", "h"), "wk": ("7", "d"), "a": ("365.25", "d"),
    "mo": ("30.4375", "d"), "a_j": ("365.25", "d"), "mo_j": ("30.4375", "d"), "deg": ("0.017453292519943295", "rad"),
    "%": ("0.01", ""), "[ppth]": ("0.001", ""), "[ppm]": ("1e-6", ""), "[ppb]": ("1e-9", ""), "[pi]": ("3.141592653589793", ""),
    "[in_i]": ("0.0254", "m"), "[ft_i]": ("0.3048", "m"), "[yd_i]": ("0.9144", "m"), "[mi_i]": ("1609.344", "m"),
    "[in_us]": ("0.0254000508", "m"), "[nmi_i]": ("1852", "m"), "[lb_av]": ("453.59237", "g"), "[oz_av]": ("28.349523125", "g"),
    "[gr]": ("0.06479891", "g"), "[st_av]": ("6350.29318", "g"), "[gal_us]": ("3.785411784e-3", "m3"),
    "[qt_us]": ("9.46352946e-4", "m3"), "[pt_us]": ("4.73176473e-4", "m3"), "[foz_us]": ("2.95735295625e-5", "m3"),
    "[cup_us]": ("2.365882365e-4", "m3"), "[tbs_us]": ("1.478676478125e-5", "m3"), "[tsp_us]": ("4.92892159375e-6", "m3"),
    "[drp]": ("5e-8", "m3"), "atm": ("101325", "Pa"), "[psi]": ("6894.757293168361", "Pa"), "[Cal]": ("4184", "J"),
    "[degR]": ("0.5555555555555556", "K"), "[car_m]": ("0.2", "g"), "Ao": ("1e-10", "m"), "mm[Hg]": ("133.322", "Pa"),
}  # fmt: skip
_TERM = re.compile(r"(?P<unit>(?:[^\[\]./()0-9{}+-]|\[[^\]]*\])+)(?P<power>[+-]?\d+)?")
_PIECE = re.compile(r"\{[^}]*\}|[./()]|[^./(){}\[]*(?:\[[^\]]*\][^./(){}\[]*)*")
_EXACT = Context(prec=28)


class Canonical(NamedTuple):
    """One of a unit is `factor` of `unit`, which is spelt in base units (`g.m-3`; `1` without any)."""

    factor: Decimal
    unit: str


_Dimensions = dict[str, int]
_Value = tuple[Decimal, _Dimensions]


@lru_cache(maxsize=4096)
def canonical(code: str) -> Canonical | None:
    """A UCUM code in base units; None for a code that is no UCUM, or has no factor."""
    try:
        pieces = [piece for piece in _PIECE.findall(code) if piece and not piece.startswith("{")]
        factor, dimensions = _expression(pieces) if pieces else (Decimal(1), {})
        if pieces:
            return None
    except (KeyError, ValueError, IndexError, RecursionError, ArithmeticError):
        return None
    spelt = ".".join(
        f"{name}{power if power != 1 else ''}" for name, power in sorted(dimensions.items()) if power
    )
    return Canonical(factor.normalize(_EXACT), spelt or "1")


def _expression(pieces: list[str]) -> _Value:
    """Terms from left to right; consumes the pieces up to a closing parenthesis."""
    factor, total = Decimal(1), Counter[str]()
    sign = 1
    while pieces and pieces[0] != ")":
        piece = pieces.pop(0)
        if piece == ".":
            sign = 1
        elif piece == "/":
            sign = -1
        else:
            value, dimensions = _group(pieces) if piece == "(" else _term(piece)
            factor = _EXACT.multiply(factor, value) if sign > 0 else _EXACT.divide(factor, value)
            for name, power in dimensions.items():
                total[name] += sign * power
            sign = 1
    return factor, dict(total)


def _group(pieces: list[str]) -> _Value:
    value = _expression(pieces)
    if pieces.pop(0) != ")":
        raise ValueError("a parenthesis is not closed")
    return value


def _term(piece: str) -> _Value:
    if piece.isdigit():
        return Decimal(piece), {}
    if piece in ("10*", "10^"):
        return Decimal(10), {}
    if piece.startswith(("10*", "10^")):
        return Decimal(10) ** int(piece[3:]), {}
    found = _TERM.fullmatch(piece)
    if found is None:
        raise ValueError(f"not a unit: {piece}")
    power = int(found["power"] or 1)
    factor, dimensions = _unit(found["unit"])
    return _EXACT.power(factor, power), {name: one * power for name, one in dimensions.items()}


def _unit(name: str) -> _Value:
    known = _atom(name, prefixed=False)
    if known is not None:
        return known
    for length in (2, 1):
        if name[:length] in _PREFIXES:
            known = _atom(name[length:], prefixed=True)
            if known is not None:
                return _EXACT.scaleb(known[0], _PREFIXES[name[:length]]), known[1]
    raise KeyError(name)


@lru_cache(maxsize=512)
def _atom(name: str, prefixed: bool) -> _Value | None:
    if name in _BASE:
        return Decimal(1), {name: 1}
    if name in _ARBITRARY:
        return Decimal(1), {name.upper(): 1}
    definition = _METRIC.get(name) or _ENZYMES.get(name) or (None if prefixed else _PLAIN.get(name))
    if definition is None:
        return None
    factor, expression = definition
    pieces = _PIECE.findall(expression)
    value, dimensions = _expression([piece for piece in pieces if piece]) if expression else (Decimal(1), {})
    return _EXACT.multiply(Decimal(factor), value), dimensions
