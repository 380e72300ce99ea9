"""One file for each FHIR interaction: `(FhirRequest, Store) -> FhirResponse`."""
