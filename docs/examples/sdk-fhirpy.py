# pip install fhirpy
import os

from fhirpy import SyncFHIRClient
from fhirpy.base.searchset import Raw

client = SyncFHIRClient(
    os.environ["FHIR_BASE"],
    extra_headers={"x-api-key": os.environ["FHIR_API_KEY"]},
    # With OAuth 2.0 instead: authorization=f"Bearer {token}"
)

patient = client.resource("Patient", name=[{"family": "Moreau", "given": ["Ines"]}], gender="female")
patient.save()
print("created", patient.to_reference().reference)

patient["birthDate"] = "1980-05-01"
patient.save()
# Only what is named: a JSON Merge Patch.
patient.patch(active=True, gender=None)
print("version", patient["meta"]["versionId"])

# Raw takes any search parameter as FHIR writes it; a list repeats it.
found = client.resources("Patient").search(
    Raw(**{"family:exact": "Moreau", "birthdate": ["ge1980", "lt1990"]})
)
for each in found.limit(20):
    print(each["id"], each.get_by_path(["name", 0, "family"]))

record = client.execute(f"Patient/{patient['id']}/$everything", method="get")
print(len(record["entry"]), "resources in the record")

patient.delete()
