// npm install fhirclient
import FHIR from "fhirclient";

// In a SMART application FHIR.oauth2.ready() gives the client, with its token. Elsewhere, and with an API key:
const client = FHIR({ headers: {} }, {}).client({ serverUrl: process.env.FHIR_BASE });
const headers = { "x-api-key": process.env.FHIR_API_KEY, "Content-Type": "application/fhir+json" };

const patient = await client.create({ resourceType: "Patient", gender: "female", name: [{ family: "Moreau" }] }, { headers });
console.log("created", patient.id);

const changed = await client.update({ ...patient, birthDate: "1980-05-01" }, { headers });
console.log("version", changed.meta.versionId);

const found = await client.request({ url: "Patient?family:exact=Moreau&birthdate=ge1980", headers }, { flat: true });
console.log(found.length, "found");

const record = await client.request({ url: `Patient/${patient.id}/$everything`, headers });
console.log(record.entry.length, "resources in the record");

await client.delete(`Patient/${patient.id}`, { headers });
