"""What the authorization server remembers: keys, authorizations, codes, refresh tokens, launches."""

from smart.models.authorization import Authorization, AuthorizationCode, RefreshToken, UsedAssertion
from smart.models.device import DeviceCode
from smart.models.launch import Fault, Launch
from smart.models.signing_key import SigningKey

__all__ = [
    "Authorization",
    "AuthorizationCode",
    "DeviceCode",
    "Fault",
    "Launch",
    "RefreshToken",
    "SigningKey",
    "UsedAssertion",
]
