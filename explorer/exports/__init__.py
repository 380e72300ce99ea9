"""The deployment's API for other tools: OpenAPI 3.1 and Postman."""
