"""Settings: base (shared), development, production, test."""
