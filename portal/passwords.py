"""The password rules as a list that can be shown while someone types. The form checks them again when it is sent."""

from dataclasses import dataclass

from django.contrib.auth.password_validation import get_default_password_validators
from django.core.exceptions import ValidationError

from portal.models import User

TEXTS = {
    "MinimumLengthValidator": "At least 10 characters",
    "CommonPasswordValidator": "Not one of the common passwords",
    "NumericPasswordValidator": "Not only digits",
    "UserAttributeSimilarityValidator": "Not like your name or email",
}


@dataclass(frozen=True)
class PasswordRule:
    """`met` is None while nothing was typed."""

    text: str
    met: bool | None


def list_password_rules(password: str = "", *, name: str = "", email: str = "") -> list[PasswordRule]:
    person = User(name=name, email=email)
    rules = []
    for validator in get_default_password_validators():
        met: bool | None = None
        if password:
            try:
                validator.validate(password, person)
                met = True
            except ValidationError:
                met = False
        text = TEXTS.get(type(validator).__name__) or str(validator.get_help_text())
        rules.append(PasswordRule(text, met))
    return rules
