"""API keys in the Management API."""
