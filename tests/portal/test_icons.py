"""Each icon that a template or an app names exists in the package."""

import re
from pathlib import Path

import pytest

from portal.navigation import list_entries
from portal.plans import SERVICES
from portal.templatetags.ui import icon

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
NAMED = re.compile(r"""(?:icon|icon_name=)\s*"([a-z0-9-]+)\"""")


def test_every_icon_in_the_templates_exists() -> None:
    for path in sorted(TEMPLATES.rglob("*.html")):
        for name in NAMED.findall(path.read_text()):
            assert "<svg" in icon(name, 16), path


@pytest.mark.parametrize(
    "name", [*(entry.icon for entry in list_entries()), *(s.icon for s in SERVICES.values())]
)
def test_every_registered_icon_exists(name: str) -> None:
    assert "<svg" in icon(name, 16)
