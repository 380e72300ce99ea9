"""The resource types that the deployments hold: for apps that name them without knowing the specification."""

from fhirspec.resource_types import is_resource_type, no_resource_type

__all__ = ["is_resource_type", "no_resource_type"]
