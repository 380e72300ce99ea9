"""Where allauth asks Fireside: encrypted second factors, and only local redirects."""

from allauth.mfa.adapter import DefaultMFAAdapter

from portal.secrets import decrypt, encrypt


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """TOTP secrets and recovery seeds are encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)
