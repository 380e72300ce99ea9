"""The broker in files: what Celery needs of it, and ADR 2 does not tell."""

from pathlib import Path

import pytest
from kombu import Connection

from config import file_broker


def test_a_look_for_messages_ends_soon_however_long_it_might_take(tmp_path: Path) -> None:
    """Between two looks a worker notices that it is asked to stop; without an end of its own this would take an hour."""
    file_broker.register()
    folder = str(tmp_path)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder}
    with Connection(f"{file_broker.SCHEME}://localhost/", transport_options=options) as connection:
        queue = connection.SimpleQueue("work")
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=3600)
        queue.put("job")
        assert queue.get(timeout=3600).payload == "job"
        queue.close()
