"""API keys: who may call a deployment's FHIR endpoint, and what each of them may do."""
