"""Where allauth asks Fireside: who may sign up, and encrypted second factors."""

import re

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from portal.features import SIGN_UP, is_on
from portal.secrets import decrypt, encrypt
from portal.services.members import find_invitation

_LINK = re.compile(r"/invitations/([\w-]+)/")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """While sign-up is switched off, an account needs the mailed link of an open invitation, and is for its address."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return is_on(SIGN_UP) or _is_invited(request)


def _is_invited(request: HttpRequest) -> bool:
    following = request.POST.get("next") or request.GET.get("next", "")
    link = _LINK.fullmatch(following)
    invitation = find_invitation(link[1]) if link else None
    if invitation is None or invitation.is_expired:
        return False
    return request.method != "POST" or request.POST.get("email", "").strip().lower() == invitation.email


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """TOTP secrets and recovery seeds are encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)
