"""The workbench of one resource type of one deployment (or of the whole system): its operations and addresses."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.http import Http404

from deployments.endpoint import fhir_base
from explorer import definitions
from explorer.building.draft import FORMATS, Draft
from explorer.building.interactions import Operation
from explorer.building.operations import system_operations, type_operations
from explorer.building.outgoing import Outgoing, build_request
from explorer.building.paste import NotARequest, draft_from_paste
from explorer.capabilities import Capabilities, get_capabilities
from explorer.foreign import addressed
from explorer.models import ForeignServer
from explorer.targets import Target, target_url

_REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?")
_LINKED_KEYS = frozenset({"reference", "fullUrl", "url", "location"})


@dataclass(frozen=True)
class Bench:
    """`resource_type` is empty for the operations of the whole system."""

    deployment: Target
    resource_type: str

    @cached_property
    def base(self) -> str:
        """The public base URL of the FHIR endpoint."""
        target = self.deployment
        return target.base if isinstance(target, ForeignServer) else fhir_base(target)

    @cached_property
    def capabilities(self) -> Capabilities:
        return get_capabilities(self.deployment, self.base)

    @cached_property
    def format(self) -> str:
        """What answers come in, and bodies are offered in, unless the form says otherwise: json or xml."""
        if not isinstance(self.deployment, ForeignServer):
            return "json"
        wanted, stated = self.deployment.format, self.capabilities.formats
        known = [name for name in FORMATS if any(name in each for each in stated)]
        return wanted if wanted in known or not known else known[0]

    def write(self, resource: dict[str, Any]) -> str:
        """A resource as text for the editor."""
        if self.format == "xml":
            return definitions.indent_xml(resource)
        return definitions.indent_json(resource)

    @cached_property
    def supported(self) -> bool:
        return self.resource_type in self.capabilities.resources

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        known = definitions.operation_definitions()
        if not self.resource_type:
            return system_operations(self.capabilities.rest, known)
        return type_operations(self.capabilities.resources.get(self.resource_type, {}), known)

    def offers(self, key: str) -> bool:
        return any(each.key == key for each in self.operations)

    @property
    def takes_bundles(self) -> bool:
        """Whether the whole system takes a batch or a transaction."""
        return self.offers("batch")

    def operation(self, key: str) -> Operation:
        """Raises Http404 for an operation that this deployment does not list."""
        for operation in self.operations:
            if operation.key == key:
                return operation
        raise Http404

    def request(self, draft: Draft, operation: Operation) -> Outgoing:
        """The request that a draft stands for, on its way to this target."""
        request = build_request(draft, operation, self.base)
        return addressed(request, self.deployment) if isinstance(self.deployment, ForeignServer) else request

    @property
    def url(self) -> str:
        return bench_url(self.deployment, self.resource_type)

    def address(self, draft: Draft, run: bool = False) -> str:
        """The explorer's address of a draft of any resource type."""
        return f"{bench_url(self.deployment, draft.resource_type)}?{draft.address(run, self.format)}"

    def open_entry(self, resource_type: str, logical_id: str) -> str:
        """The address that reads one resource, empty when there is no such type."""
        if not definitions.is_resource_type(resource_type):
            return ""
        return self.address(Draft("read", resource_type, logical_id, format=self.format), run=True)

    def open_url(self, url: str) -> str:
        """The explorer's address of a FHIR URL of this deployment, empty for any other."""
        if not url.startswith(self.base):
            return ""
        try:
            draft = draft_from_paste(url, self.base)
        except NotARequest:
            return ""
        return self.address(replace(draft, format=self.format), run=True)

    @property
    def link(self) -> Callable[[str, Any], str | None]:
        """Where a string in an answer leads, for the JSON tree."""

        def leads_to(key: str, value: Any) -> str | None:
            if key not in _LINKED_KEYS or not isinstance(value, str):
                return None
            if value.startswith(self.base):
                return self.open_url(value) or None
            found = _REFERENCE.fullmatch(value)
            if not found or not definitions.is_resource_type(found.group(1)):
                return None
            kind, logical_id, version = found.groups()
            draft = Draft("vread" if version else "read", kind, logical_id, version or "", format=self.format)
            return self.address(draft, run=True)

        return leads_to


def bench_url(target: Target, resource_type: str) -> str:
    return target_url(target, "resource", resource_type) if resource_type else target_url(target, "index")
