"""Why a patch cannot be applied."""

from typing import Any


class PatchError(ValueError):
    """A patch that is malformed or does not fit the resource. `operation` counts from 1; 0 for the whole patch."""

    def __init__(self, message: str, operation: int = 0) -> None:
        super().__init__(f"operation {operation}: {message}" if operation else message)
        self.operation = operation


def without_emptied(node: Any, emptied: list[Any]) -> Any:
    """The node without those arrays and objects that a patch emptied: FHIR has no empty elements."""
    if isinstance(node, dict):
        return {
            name: without_emptied(value, emptied)
            for name, value in node.items()
            if not _is_gone(value, emptied)
        }
    if isinstance(node, list):
        return [without_emptied(value, emptied) for value in node if not _is_gone(value, emptied)]
    return node


def _is_gone(value: Any, emptied: list[Any]) -> bool:
    return not value and isinstance(value, dict | list) and any(value is one for one in emptied)
