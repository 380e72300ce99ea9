"""What the palette (Ctrl-K) offers: every resource type, the operations of the present one, the pages around."""

from explorer import definitions
from explorer.bench import Bench, bench_url
from explorer.building.draft import Draft
from explorer.models import ForeignServer
from explorer.targets import target_url


def find_all(bench: Bench) -> list[dict[str, str]]:
    """Each with `label`, `hint` and `url`, the nearest first."""
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
    pages = [{"label": "All resource types", "hint": "API Development", "url": start}]
    if isinstance(bench.deployment, ForeignServer):
        return operations + types + pages
    pages += [
        {"label": "Saved requests", "hint": "API Development", "url": _url("saved", bench)},
        {"label": "Compose a Bundle", "hint": "API Development", "url": _url("composer", bench)},
        {"label": "History of your requests", "hint": "API Development", "url": _url("history", bench)},
        {"label": "Guided tour", "hint": "API Development", "url": _url("tour", bench)},
    ]
    return operations + types + pages


def _url(name: str, bench: Bench) -> str:
    return target_url(bench.deployment, name)
