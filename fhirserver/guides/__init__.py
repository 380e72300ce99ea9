"""Implementation guides: FHIR packages installed in a partition (docs/adr/0014). https://hl7.org/fhir/packages.html

Their conformance resources become ordinary resources of the partition that only the guide may change; their search parameters,
profiles and the like are kept apart, in `fhir_guide`, as what the engine asks for (`guide.Guide`).
"""
