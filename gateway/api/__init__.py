"""The request log in the Management API."""
