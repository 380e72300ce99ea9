// npm install @medplum/core
import { MedplumClient } from "@medplum/core";

const base = new URL(process.env.FHIR_BASE);
const medplum = new MedplumClient({
  baseUrl: `${base.origin}/`,
  fhirUrlPath: base.pathname.slice(1),
  // With OAuth 2.0 instead: { Authorization: `Bearer ${token}` }
  defaultHeaders: { "x-api-key": process.env.FHIR_API_KEY },
});

const patient = await medplum.createResource({ resourceType: "Patient", gender: "female", name: [{ family: "Moreau" }] });
console.log("created", patient.id);

const changed = await medplum.updateResource({ ...patient, birthDate: "1980-05-01" });
console.log("version", changed.meta.versionId);

const found = await medplum.searchResources("Patient", "family:exact=Moreau&birthdate=ge1980");
console.log(found.length, "found");

const record = await medplum.get(`${medplum.fhirUrl("Patient", patient.id)}/$everything`);
console.log(record.entry.length, "resources in the record");

await medplum.deleteResource("Patient", patient.id);
