"""Numbers in words, as progress and pages show them."""


def count(number: int, noun: str) -> str:
    """`count(1, "patient")` is "1 patient", `count(1930, "resource")` is "1,930 resources"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def of(done: int, total: int, noun: str) -> str:
    """`of(3, 5, "patient")` is "3 of 5 patients"."""
    return f"{done:,} of {count(total, noun)}"
