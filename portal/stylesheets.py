"""Joins the style sheets of an area, static/css/<area>/, into the one file that its pages link: css/<area>.css (ADR 19).

The area's `index.css` imports its parts in the order of the cascade. Every process that serves static files joins them when it
starts, and with DEBUG at each request; compressed forms lie beside them, which WhiteNoise sends to browsers that take them.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from whitenoise.compress import Compressor

SOURCES = Path(settings.BASE_DIR) / "static" / "css"
STORAGE = FileSystemStorage(location=settings.HOME / "stylesheets")
_IMPORT = re.compile(r'^@import "([\w-]+\.css)";$', re.MULTILINE)


def join(index: Path) -> str:
    """The style sheet in which each import of `index` is replaced by the file that it names."""
    return _IMPORT.sub(lambda found: (index.parent / found[1]).read_text(), index.read_text())


class JoinedStylesheets(BaseFinder):
    """Offers css/<area>.css, and its compressed forms, as static files."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Where the joined file at the static path `path` lies, if it is one of ours; made anew."""
        index = SOURCES / Path(path).stem / "index.css"
        if path != f"css/{index.parent.name}.css" or not index.exists():
            return []
        found = STORAGE.path(_prepare(index)[0])
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for index in sorted(SOURCES.glob("*/index.css")):
            for path in _prepare(index):
                yield path, STORAGE


def _prepare(index: Path) -> list[str]:
    """Write the joined file of an area and its compressed forms; their static paths."""
    path = f"css/{index.parent.name}.css"
    content = join(index).encode()
    forms = {
        path: content,
        f"{path}.gz": Compressor.compress_gzip(content),
        f"{path}.br": Compressor.compress_brotli(content),
    }
    for name, form in forms.items():
        _write(Path(STORAGE.path(name)), form)
    return list(forms)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, as several processes start together. What did not change keeps its time, and so its ETag."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, path)
