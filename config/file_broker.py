"""Celery's transport over files, made safe for a reader that looks at the wrong moment (docs/adr/0002).

kombu's own writes a message under its final name, so a reader may find it empty, which ends the worker. Here it
appears whole, by a rename, and is taken by a rename, so that exactly one reader gets it.
"""

import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

SCHEME = "files"
# Celery looks for two seconds at a time, and only in between it notices that it is asked to stop.
LONGEST_LOOK = 0.4  # seconds


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: dict[str, Any], **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns()}_{uuid.uuid4().hex}.{queue}.msg"
        unfinished = folder / f".{name}.part"
        unfinished.write_text(dumps(payload))
        unfinished.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".{name}.taken"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # another reader was quicker
            text = taken.read_text()
            taken.unlink()
            return loads(text)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, **options: Any) -> None:  # type: ignore[override]
        if options.get("timeout"):
            options["timeout"] = min(options["timeout"], LONGEST_LOOK)
        super().drain_events(connection, **options)


def register() -> None:
    """Make `files://` a broker URL."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
