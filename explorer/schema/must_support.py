"""Which elements of a type the deployment's profiles ask systems to support, for the rows of the schema tree.

https://hl7.org/fhir/R4/profiling.html#mustsupport
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deployments.guide_services import must_support_of
from explorer.models import ForeignServer
from explorer.targets import Target


@dataclass
class Mark:
    """`profiles`: those that name the element itself. `parts`: what they name inside of it (`family`, or the slice `:race`)."""

    profiles: dict[str, None] = field(default_factory=dict)
    parts: dict[str, None] = field(default_factory=dict)


def marks_of(target: Target, resource_type: str) -> Mapping[str, Mark]:
    """By the path of the element (`Patient.name`); empty without profiles of the type, and for a server elsewhere."""
    marks: dict[str, Mark] = {}
    if isinstance(target, ForeignServer):
        return marks
    for one in must_support_of(target, resource_type):
        own = marks.setdefault(one.path, Mark())
        own.profiles[one.profile] = None
        if one.slice_name:
            own.parts[f":{one.slice_name}"] = None
        steps = one.path.split(".")
        for depth in range(2, len(steps)):
            outer = marks.setdefault(".".join(steps[:depth]), Mark())
            outer.parts[".".join(steps[depth:])] = None
    return marks
