"""Which database a model lives in: the engine's tables in every region store, all else in the control database."""

from typing import Any


class RegionRouter:
    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db.startswith("region_") == (app_label == "fhirserver")
