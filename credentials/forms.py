"""The forms of API keys: what is asked, and how it becomes an `Access` and an end."""

from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone

from credentials.access import FULL, READ_ONLY, Access, AccessKind, InvalidAccess, check_types, chosen
from credentials.networks import InvalidNetwork, parse_networks
from credentials.services import LONGEST_OVERLAP

LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "One year"), ("", "Never")]
ENDS = [
    ("1", "In 1 day"),
    ("7", "In 7 days"),
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In one year"),
]
OVERLAPS = [
    ("0", "Stop at once"),
    ("1", "Work for 1 hour"),
    ("24", "Work for 1 day"),
    ("168", "Work for 7 days"),
]


def parse_permissions(text: str) -> dict[str, str]:
    """Lines as `Patient.rs` to letters by type; raises InvalidAccess for a line that is none."""
    types: dict[str, str] = {}
    for line in text.split():
        name, dot, letters = line.strip(",;").rpartition(".")
        if not dot or not letters:
            raise InvalidAccess(f"“{line[:80]}” is not a permission: write Patient.rs, one a line.")
        types[name] = types.get(name, "") + letters
    return types


def requests_field() -> forms.IntegerField:
    return forms.IntegerField(
        label="Requests a second, at most",
        min_value=1,
        max_value=100_000,
        required=False,
        help_text="Empty: as many as the deployment's size allows.",
    )


class AccessForm(forms.Form):
    """The rights of a key: a kind, and the permissions when they are chosen."""

    access = forms.ChoiceField(
        choices=[
            (AccessKind.READ_ONLY.value, "Read only: read and search every type"),
            (AccessKind.FULL.value, "Full: create, read, update, delete and search every type"),
            (AccessKind.CHOSEN.value, "Chosen resource types and interactions"),
        ],
        widget=forms.RadioSelect,
        initial=AccessKind.READ_ONLY.value,
    )
    permissions = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "input-code", "spellcheck": "false"}),
        help_text="For chosen types, one a line: a resource type or *, a dot, and letters of c (create), r (read), "
        "u (update), d (delete), s (search). For example: Patient.rs",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        try:
            cleaned["access"] = self._access(cleaned)
        except InvalidAccess as error:
            self.add_error("permissions", str(error))
        return cleaned

    def _access(self, cleaned: dict[str, Any]) -> Access | None:
        kind = cleaned.get("access")
        if kind == AccessKind.CHOSEN.value:
            return check_types(chosen(parse_permissions(cleaned.get("permissions", ""))))
        return {AccessKind.FULL.value: FULL, AccessKind.READ_ONLY.value: READ_ONLY}.get(str(kind))


class NetworksField(forms.CharField):
    """Lines (or words) to canonical networks; the message names the line that is none."""

    def __init__(self) -> None:
        super().__init__(
            label="Networks",
            required=False,
            max_length=6000,
            widget=forms.Textarea(attrs={"rows": 3, "class": "input-code", "spellcheck": "false"}),
            help_text="From where it may be used, one a line: 203.0.113.0/24, 2001:db8::/32 or a single address. "
            "Empty: from anywhere.",
        )

    def clean(self, value: Any) -> list[str]:
        try:
            return parse_networks(str(super().clean(value)).replace(",", " ").split())
        except InvalidNetwork as error:
            raise forms.ValidationError(str(error)) from error


class ApiKeyForm(AccessForm):
    """A new key."""

    name = forms.CharField(max_length=80, help_text="What it is for, such as “Lab import”.")
    holder = forms.CharField(
        max_length=120, required=False, help_text="The person or system that will use it."
    )
    lifetime = forms.ChoiceField(choices=LIFETIMES, label="Expires after", initial="90", required=False)
    networks = NetworksField()
    requests_per_second = requests_field()

    field_order = ("name", "holder", "access", "permissions", "lifetime", "networks", "requests_per_second")

    @property
    def expires(self) -> datetime | None:
        days = self.cleaned_data["lifetime"]
        return _in_days(int(days)) if days else None


class NarrowForm(AccessForm):
    """Takes rights away from a key."""


class EndForm(forms.Form):
    """When a key ends: only what comes sooner than it would (`expires`, None for never) is offered."""

    days = forms.TypedChoiceField(coerce=int, label="It shall end")

    def __init__(self, *args: Any, expires: datetime | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sooner = [
            (days, words) for days, words in ENDS if expires is None or _in_days(int(days)) < expires
        ]
        cast(forms.TypedChoiceField, self.fields["days"]).choices = [("", "Choose"), *self.sooner]

    @property
    def expires(self) -> datetime:
        return _in_days(self.cleaned_data["days"])

    @property
    def words(self) -> str:
        """As “In 7 days”."""
        return dict(ENDS)[str(self.cleaned_data["days"])]


def _in_days(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)


class LimitForm(forms.Form):
    """How fast a key may ask."""

    requests_per_second = requests_field()


class NetworksForm(forms.Form):
    """From where a key may be used."""

    networks = NetworksField()


class RotateForm(forms.Form):
    """What becomes of the old secret."""

    overlap = forms.TypedChoiceField(
        choices=OVERLAPS,
        coerce=lambda hours: min(timedelta(hours=int(hours)), LONGEST_OVERLAP),
        label="The old secret shall",
        initial="24",
    )
