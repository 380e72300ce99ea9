"""Settings that cannot work, told at the start with what to do about them."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def check_transfer_dir(**options: Any) -> list[CheckMessage]:
    """Uploads and exports need a directory that can be written to."""
    wanted = Path(settings.TRANSFER_DIR)
    nearest = next(path for path in (wanted, *wanted.absolute().parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"TRANSFER_DIR is {wanted}, and {nearest} is no directory that can be written to.",
            hint="Name a directory that the web processes and the workers share and may write to.",
            id="fireside.E001",
        )
    ]
