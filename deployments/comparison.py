"""Two deployments side by side: what each app says of them, where they differ, and what one can take over from the other.

An app registers an `Aspect` in `AppConfig.ready`: it reads traits of a deployment and may bring one over to another deployment.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deployments.models import Deployment
from portal.models import User


@dataclass(frozen=True)
class Trait:
    """One thing that may differ, its value in words. `movable`: another deployment can be given the same."""

    name: str
    value: str
    movable: bool = False


Read = Callable[[Deployment], Iterable[Trait]]
Take = Callable[[Deployment, Deployment, str, User], None]


@dataclass(frozen=True)
class Aspect:
    """`take(source, target, name, by)` gives the target the source's trait of that name; it raises ValidationError."""

    slug: str
    title: str
    read: Read
    take: Take | None = None


@dataclass(frozen=True)
class Row:
    """A trait in both deployments; a value is None where a deployment has nothing of that name."""

    name: str
    mine: str | None
    theirs: str | None
    movable: bool

    @property
    def differs(self) -> bool:
        return self.mine != self.theirs


@dataclass(frozen=True)
class Section:
    aspect: Aspect
    rows: tuple[Row, ...]

    @property
    def different(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.differs)

    @property
    def movable(self) -> bool:
        return any(row.movable for row in self.different)

    @property
    def alike(self) -> int:
        return len(self.rows) - len(self.different)


_aspects: dict[str, Aspect] = {}


def register_aspect(aspect: Aspect) -> None:
    _aspects[aspect.slug] = aspect


def compare(mine: Deployment, theirs: Deployment) -> list[Section]:
    """Every aspect of both; a row is movable when `mine` can take over what `theirs` has."""
    return [Section(aspect, tuple(_rows(aspect, mine, theirs))) for aspect in _aspects.values()]


def take_over(target: Deployment, source: Deployment, chosen: Iterable[str], *, by: User) -> list[str]:
    """Give the target what was chosen of the source, as `aspect:name`; the names taken over.

    What is the same by now, or gone, is passed over. Raises ValidationError at the first that is refused.
    """
    wanted = set(chosen)
    taken = []
    for section in compare(target, source):
        for row in section.different:
            if row.movable and f"{section.aspect.slug}:{row.name}" in wanted and section.aspect.take:
                section.aspect.take(source, target, row.name, by)
                taken.append(row.name)
    return taken


def _rows(aspect: Aspect, mine: Deployment, theirs: Deployment) -> Iterable[Row]:
    left, right = _by_name(aspect.read(mine)), _by_name(aspect.read(theirs))
    for name in {**right, **left}:
        here, there = left.get(name), right.get(name)
        movable = aspect.take is not None and there is not None and there.movable
        yield Row(name, here.value if here else None, there.value if there else None, movable)


def _by_name(traits: Iterable[Trait]) -> dict[str, Trait]:
    """Those that share a name are numbered, and stay where they are: a name does not say which of them is meant."""
    alike: dict[str, list[Trait]] = {}
    for trait in traits:
        alike.setdefault(trait.name, []).append(trait)
    found = {}
    for name, those in alike.items():
        for number, trait in enumerate(those, start=1):
            known = name if number == 1 else f"{name} ({number})"
            found[known] = Trait(known, trait.value, trait.movable and len(those) == 1)
    return found
