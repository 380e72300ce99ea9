"""The codes of a value set, as far as the catalogue lists them: for pickers and for the schema's bindings."""

from dataclasses import dataclass
from functools import lru_cache

from fhirspec.terminology import CannotExpand, Code, UnknownValueSet, catalogue_terminology


@dataclass(frozen=True)
class CodeList:
    """`problem` says why the codes cannot be listed; then there are none."""

    url: str
    title: str
    description: str
    codes: tuple[Code, ...] = ()
    problem: str = ""


@lru_cache(maxsize=512)
def list_codes(canonical: str) -> CodeList | None:
    """The codes of a value set that may be chosen; None when the catalogue does not know it."""
    terminology = catalogue_terminology()
    try:
        value_set = terminology.value_set(canonical)
    except UnknownValueSet:
        return None
    codes: tuple[Code, ...] = ()
    problem = ""
    try:
        codes = tuple(code for code in terminology.codes(canonical) if not code.is_abstract)
    except CannotExpand as error:
        problem = str(error)
    return CodeList(
        url=value_set["url"],
        title=str(value_set.get("title") or value_set.get("name") or ""),
        description=str(value_set.get("description") or ""),
        codes=codes,
        problem=problem,
    )
