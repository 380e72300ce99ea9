"""The names of R4's resource types, and what to say of a name that is none."""

from difflib import get_close_matches

from fhirspec.catalogue import get_catalogue


def is_resource_type(name: str) -> bool:
    return name in get_catalogue().resource_type_set


def no_resource_type(name: str, shown: str = "") -> str:
    """A sentence, and a second one where another name is near. `shown`: the name as the sentence has it."""
    known = {each.casefold(): each for each in get_catalogue().resource_types}
    near = get_close_matches(name.casefold(), known, n=1, cutoff=0.75)
    meant = f" Did you mean {known[near[0]]}?" if near else ""
    return f"{shown or name} is not a resource type of FHIR R4.{meant}"
