"""Why a terminology question has no answer here: a reason for people, never a guess."""


class CannotExpand(Exception):
    """The codes of a value set cannot be listed; the message says why."""


class UnknownCodeSystem(Exception):
    """A code system of which nothing is known here."""

    def __init__(self, system: str) -> None:
        super().__init__(f"The code system {system} is not known here")
        self.system = system


class UnknownValueSet(CannotExpand):
    """A value set of which nothing is known here."""

    def __init__(self, canonical: str) -> None:
        super().__init__(f"The value set {canonical} is not known here")
        self.canonical = canonical
