"""What the pages need of the R4 catalogue, prepared once for each resource type."""

from explorer.definitions.codes import CodeList, list_codes
from explorer.definitions.completion import Completion, complete
from explorer.definitions.example_value import plain_example
from explorer.definitions.examples import (
    ExampleTitle,
    example_text,
    example_titles,
    with_id,
)
from explorer.definitions.operations import operation_definitions, operation_inputs
from explorer.definitions.parameters import history_parameters, parameters, revincludes, unsearched
from explorer.definitions.patches import example_patch, patch_titles
from explorer.definitions.text import decode_json, decode_xml, indent_json, indent_xml, json_scalar
from explorer.definitions.types import (
    Module,
    TypeFacts,
    element_names,
    is_data_type,
    list_modules,
    type_facts,
)
from explorer.definitions.validity import body_problems
from fhirspec.resource_types import is_resource_type, no_resource_type

__all__ = [
    "CodeList", "Completion", "ExampleTitle", "Module", "TypeFacts", "body_problems", "complete", "decode_json", "decode_xml", "element_names",
    "example_patch", "example_text", "example_titles", "history_parameters", "indent_json", "indent_xml", "is_data_type",
    "is_resource_type", "json_scalar", "list_codes", "list_modules", "no_resource_type", "operation_definitions",
    "operation_inputs", "parameters", "patch_titles", "plain_example", "revincludes", "type_facts", "unsearched", "with_id",
]  # fmt: skip
