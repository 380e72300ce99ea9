"""What FHIR R4 (4.0.1) says: catalogue of definitions, search parameters, validation, compartments, JSON and XML.

Plain Python: nothing here knows Django, a database or a deployment.
"""
