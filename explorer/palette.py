"""What the palette (Ctrl-K) offers: every resource type, the operations of the present one, the pages around."""

from collections.abc import Iterable

from django.urls import reverse

from explorer import definitions
from explorer.bench import Bench, bench_url
from explorer.building.draft import Draft
from explorer.models import ForeignServer
from explorer.targets import target_url


def find_all(bench: Bench, servers: Iterable[ForeignServer]) -> list[dict[str, str]]:
    """Each with `label`, `hint` and `url`, the nearest first. `servers` are those elsewhere that the person has open."""
    start = bench_url(bench.deployment, "")
    operations = [
        {
            "label": f"{each.method} {each.path_of(bench.resource_type)}",
            "hint": each.title,
            "url": bench.address(Draft(each.key, bench.resource_type)),
        }
        for each in bench.operations
    ]
    types = [
        {"label": facts.name, "hint": facts.category, "url": f"{start}{facts.name}/"}
        for module in definitions.list_modules()
        for facts in module.types
    ]
    return operations + types + _pages(bench) + _servers(servers)


def _pages(bench: Bench) -> list[dict[str, str]]:
    names = {
        "index": "All resource types",
        "saved": "Saved requests",
        "composer": "Compose a Bundle",
        "history": "History of your requests",
    }
    if not isinstance(bench.deployment, ForeignServer):
        names["tour"] = "Guided tour"
    return [
        {"label": label, "hint": "API Development", "url": target_url(bench.deployment, name)}
        for name, label in names.items()
    ]


def _servers(servers: Iterable[ForeignServer]) -> list[dict[str, str]]:
    found = [{"label": "Other servers", "hint": "Any FHIR server", "url": reverse("servers:list")}]
    return found + [
        {"label": each.name, "hint": "Other server", "url": bench_url(each, "")} for each in servers
    ]
