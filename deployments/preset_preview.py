"""What a preset holds: how many of each type, and a record of each to look at before it is loaded."""

import json
from dataclasses import dataclass
from itertools import islice

from deployments.presets import PRESETS, Preset
from fhirspec.json import decode_object

# The first patient's records are enough for one of each type.
LINES_READ = 3_000
LONGEST_SHOWN = 6_000


@dataclass(frozen=True)
class Sample:
    """One record as indented JSON, cut where it is long."""

    resource_type: str
    text: str
    in_part: bool


@dataclass(frozen=True)
class Preview:
    """`samples` come from `sampled`, a preset that this installation has made already: the patients are of the same kind."""

    counts: list[tuple[str, int]]
    samples: list[Sample]
    sampled: Preset | None


def preview_of(preset: Preset) -> Preview:
    """Reads at most LINES_READ lines; nothing is generated for it."""
    made = next((one for one in (preset, *PRESETS) if one.patients and one.path.exists()), None)
    counts = sorted(preset.types.items(), key=lambda pair: (-pair[1], pair[0]))
    return Preview(counts, _samples(made) if made else [], made)


def _samples(preset: Preset) -> list[Sample]:
    found: dict[str, Sample] = {}
    with preset.path.open("rb") as lines:
        for line in islice(lines, LINES_READ):
            resource = decode_object(line)
            kind = str(resource["resourceType"])
            if kind not in found:
                text = json.dumps(resource, indent=2, ensure_ascii=False, default=str)
                found[kind] = Sample(kind, text[:LONGEST_SHOWN], len(text) > LONGEST_SHOWN)
    return sorted(
        found.values(), key=lambda sample: (sample.resource_type != "Patient", sample.resource_type)
    )
