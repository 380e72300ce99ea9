"""Whether one code stands above another: https://hl7.org/fhir/R4/codesystem-operation-subsumes.html"""

from fhirspec.terminology.code_table import CodeTable


def subsumption(table: CodeTable, code_a: str, code_b: str) -> str:
    """`equivalent`, `subsumes` (A is above B), `subsumed-by` or `not-subsumed`. KeyError for an unknown code."""
    found = [table.find(code_a), table.find(code_b)]
    for code, concept in zip((code_a, code_b), found, strict=True):
        if concept is None:
            raise KeyError(code)
    first, second = (concept.code for concept in found if concept)
    if first == second:
        return "equivalent"
    if table.subsumes(first, second):
        return "subsumes"
    return "subsumed-by" if table.subsumes(second, first) else "not-subsumed"
