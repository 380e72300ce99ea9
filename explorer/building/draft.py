"""A request being written: what the form, the page's address and a saved request all hold. Never a secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from explorer.building.composites import composites_from_fields, is_first_part
from explorer.building.criteria import Criterion, criteria_from_fields, parse_query, render_pairs

# Headers a form may set, by the field that holds them.
HEADER_FIELDS = {
    ".if-match": "If-Match",
    ".if-none-match": "If-None-Match",
    ".if-modified-since": "If-Modified-Since",
    ".if-none-exist": "If-None-Exist",
    ".prefer": "Prefer",
}
FORMATS = ("json", "xml")


@dataclass(frozen=True)
class Draft:
    """`operation` is the key of an `Operation`; `format` is json or xml; `headers` are (name, value) pairs."""

    operation: str
    resource_type: str = ""
    logical_id: str = ""
    version_id: str = ""
    criteria: tuple[Criterion, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    example: str = ""
    format: str = "json"

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def values(self, code: str) -> list[str]:
        """What the criteria of one parameter say, without their modifiers."""
        return [each.value for each in self.criteria if each.code == code]

    def address(self, run: bool = False, usual_format: str = "json") -> str:
        """The query string of the page that shows this draft again. A body is named by its example only."""
        pairs = [(".do", self.operation)]
        pairs += [(".id", self.logical_id), (".vid", self.version_id), (".example", self.example)]
        pairs += [(field, self.header(name)) for field, name in HEADER_FIELDS.items()]
        pairs += [
            (".format", self.format if self.format != usual_format else ""),
            (".run", "1" if run else ""),
        ]
        pairs = [(name, value) for name, value in pairs if value]
        return render_pairs(pairs + [(each.name, each.value) for each in self.criteria])

    def with_body(self, body: str) -> "Draft":
        return replace(self, body=body)


def draft_from_fields(
    fields: Mapping[str, Sequence[str]], resource_type: str, default: str, usual_format: str = "json"
) -> Draft:
    """The draft in a submitted form or in a page's address (`default` is the operation when none is named)."""

    def first(name: str) -> str:
        values = fields.get(name) or [""]
        return values[0].strip()

    headers = tuple((header, first(field)) for field, header in HEADER_FIELDS.items() if first(field))
    fields = {name: values for name, values in fields.items() if name != "csrfmiddlewaretoken"}
    body = (fields.get(".body") or [""])[0]
    return Draft(
        operation=first(".do") or default,
        resource_type=resource_type,
        logical_id=first(".id").removeprefix(f"{resource_type}/"),
        version_id=first(".vid"),
        criteria=_joined(_criteria(fields)),
        headers=headers,
        body=body.replace("\r\n", "\n"),
        example=first(".example"),
        format=first(".format") if first(".format") in FORMATS else usual_format,
    )


def edited_query(fields: Mapping[str, Sequence[str]]) -> str | None:
    """What a person wrote over the shown query; None where it stands as it was shown."""
    shown, written = ((fields.get(name) or [""])[0].strip() for name in (".was", ".query"))
    return written if ".query" in fields and written.split() != shown.split() else None


def _criteria(fields: Mapping[str, Sequence[str]]) -> tuple[Criterion, ...]:
    """Those of the form's fields, or of the query where it was edited: that was written after them."""
    written = edited_query(fields)
    if written is None:
        composites = [
            each for name in fields if is_first_part(name) for each in composites_from_fields(fields, name)
        ]
        return (*criteria_from_fields(fields), *composites)
    return parse_query(" ".join(written.split()))


def _joined(criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    """`_elements` and `_sort` chosen in several fields become one list each; everything else repeats as it is."""
    for name in ("_elements", "_sort"):
        values = [each.value for each in criteria if each.name == name]
        if len(values) > 1:
            others = tuple(each for each in criteria if each.name != name)
            criteria = (*others, Criterion(name, ",".join(values)))
    return criteria
