"""Whole numbers: what a client may give as text, and what a column of the store holds."""

from fhirserver.outcomes import BadRequest

FIRST, LAST = -(2**63), 2**63 - 1
"""No time, and no number of a resource, stands before the one or after the other."""
LARGEST = 999_999_999
"""What is larger counts as this: no limit is as high, and the interpreter refuses to read thousands of digits."""


def whole_number(name: str, text: str) -> int:
    """From 0 to LARGEST. Raises BadRequest naming the parameter."""
    if not (text.isascii() and text.isdecimal()):
        raise BadRequest(f"{name}={text} is not a whole number from 0 on.")
    digits = text.lstrip("0") or "0"
    return int(digits) if len(digits) <= len(str(LARGEST)) else LARGEST
