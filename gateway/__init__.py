"""The one door of every FHIR endpoint: authenticate, authorise, limit, log, forward."""
