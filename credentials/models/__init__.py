"""API keys and their secrets."""

from credentials.models.api_key import ApiKey, ApiKeySecret

__all__ = ["ApiKey", "ApiKeySecret"]
