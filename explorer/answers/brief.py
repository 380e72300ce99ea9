"""A FHIR value in a few words, told by its shape: for tables and lists."""

from collections.abc import Callable
from typing import Any

LONGEST = 90


def brief(value: Any) -> str:
    """One short line for any FHIR value; empty for what has nothing to say."""
    if isinstance(value, list):
        told = [text for text in (brief(each) for each in value[:3]) if text]
        more = f" +{len(value) - 3}" if len(value) > 3 else ""
        return _cut("; ".join(told) + more)
    if isinstance(value, dict):
        return _cut(next((text for shape in _SHAPES if (text := shape(value))), ""))
    if isinstance(value, bool):
        return "true" if value else "false"
    return _cut("" if value is None else str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _human_name(value: dict[str, Any]) -> str:
    if "family" not in value and "given" not in value:
        return ""
    words = [*value.get("prefix", ()), *value.get("given", ()), value.get("family", "")]
    return str(value.get("text") or " ".join(filter(None, map(str, words))))


def _concept(value: dict[str, Any]) -> str:
    if "coding" not in value:
        return ""
    return str(value.get("text") or brief(value["coding"][:1]))


def _reference(value: dict[str, Any]) -> str:
    return str(value.get("display") or value["reference"]) if "reference" in value else ""


def _quantity(value: dict[str, Any]) -> str:
    if "value" not in value or isinstance(value["value"], str):
        return ""
    unit = value.get("unit") or value.get("code") or value.get("currency") or ""
    return f"{value.get('comparator', '')}{value['value']} {unit}".strip()


def _coding(value: dict[str, Any]) -> str:
    return str(value.get("display") or value.get("code") or "")


def _period(value: dict[str, Any]) -> str:
    if "start" not in value and "end" not in value:
        return ""
    return f"{value.get('start', '…')} – {value.get('end', '…')}"


def _address(value: dict[str, Any]) -> str:
    keys = ("line", "city", "state", "postalCode", "country")
    if not any(key in value for key in keys):
        return ""
    words = [*value.get("line", ()), *(value.get(key, "") for key in keys[1:])]
    return str(value.get("text") or ", ".join(filter(None, map(str, words))))


def _plain(value: dict[str, Any]) -> str:
    return str(value.get("text") or value.get("value") or value.get("url") or "")


_SHAPES: tuple[Callable[[dict[str, Any]], str], ...] = (
    _human_name,
    _concept,
    _reference,
    _quantity,
    _period,
    _address,
    _coding,
    _plain,
)
