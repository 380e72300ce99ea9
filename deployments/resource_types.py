"""The resource types that the deployments hold: for apps that name them without knowing the specification."""

from difflib import get_close_matches

from fhirspec.catalogue import get_catalogue


def is_resource_type(name: str) -> bool:
    return name in get_catalogue().resource_types


def closest_resource_type(name: str) -> str:
    """The one that was probably meant; empty when none is near."""
    known = {each.casefold(): each for each in get_catalogue().resource_types}
    near = get_close_matches(name.casefold(), known, n=1, cutoff=0.75)
    return known[near[0]] if near else ""
