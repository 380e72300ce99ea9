"""The portal's forms: they check what was typed; the services decide."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.access import MfaRequired, require_role
from portal.models import Membership, Role, Tenant, User
from portal.models.plans import HOURS_A_MONTH
from portal.notifications.kinds import SUBSCRIBABLE
from portal.plans import size_prices
from portal.usage import Estimate


class TenantForm(forms.Form):
    name = forms.CharField(
        max_length=80, help_text="Your team, clinic or project. You can change it later; its address stays."
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label="Email", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.TypedChoiceField(coerce=int, initial=Role.READ)

    def __init__(self, *args: Any, highest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.TypedChoiceField, self.fields["role"])
        field.choices = [choice for choice in Role.choices if choice[0] <= highest]


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(coerce=int, choices=Role.choices)


if TYPE_CHECKING:
    _MemberChoice = forms.ModelChoiceField[Membership]
else:
    _MemberChoice = forms.ModelChoiceField


class PlainSelect(forms.Select):
    """A select of many options: Django's renders a template for each of them."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            (
                (key, mark_safe(" selected") if str(key) == chosen else "", label)
                for key, label in self.choices
            ),
        )
        attributes = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        return format_html("<select{}>{}</select>", attributes, options)


class MemberChoiceField(_MemberChoice):
    widget = PlainSelect

    def label_from_instance(self, obj: Membership) -> str:
        return f"{obj.user.get_full_name()} ({obj.user.email})"


class TransferForm(forms.Form):
    member = MemberChoiceField(
        queryset=Membership.objects.none(), label="New owner", empty_label="Choose a member"
    )

    def __init__(self, *args: Any, actor: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(MemberChoiceField, self.fields["member"])
        field.queryset = actor.tenant.memberships.exclude(pk=actor.pk).select_related("user")


class TypedNameForm(forms.Form):
    """Ask for the name of what will be lost."""

    name = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["name"].label = f"Type {expected} to confirm"

    def clean_name(self) -> str:
        typed = str(self.cleaned_data["name"])
        if typed.strip() != self.expected.strip():
            raise forms.ValidationError("This is not the name.")
        return typed


class TokenForm(forms.Form):
    """A new Management API token."""

    name = forms.CharField(max_length=80, help_text="What will use it, as “backup script”.")
    role = forms.TypedChoiceField(
        coerce=int, choices=Role.choices, initial=Role.READ, help_text="The most that it may do."
    )
    tenant = forms.ModelChoiceField(
        queryset=Tenant.objects.none(), required=False, empty_label="All my tenants", to_field_name="slug"
    )
    days = forms.TypedChoiceField(
        coerce=int, label="Expires", choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year")]
    )

    def __init__(self, *args: Any, user: User, tenants: list[Tenant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Tenant]", self.fields["tenant"])
        field.queryset = Tenant.objects.filter(pk__in=[tenant.pk for tenant in tenants])
        self._user = user

    def clean(self) -> dict[str, Any]:
        """A token for one tenant has at most the person's role there."""
        cleaned = super().clean() or self.cleaned_data
        tenant, role = cleaned.get("tenant"), cleaned.get("role")
        if tenant and role:
            try:
                require_role(self._user, tenant, Role(role))
            except MfaRequired as refusal:
                self.add_error("tenant", str(refusal))
            except PermissionDenied as refusal:
                self.add_error("role", str(refusal))
        return cleaned


class AccountForm(forms.Form):
    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    wants_notices = forms.BooleanField(
        required=False,
        label="Mail me about my tenants",
        help_text="Ending trials, expiring keys, failed and full deployments, where you are Admin or Owner.",
    )


class TrialForm(forms.Form):
    """Which tenant the trial or the subscription is for."""

    tenant = forms.ModelChoiceField(queryset=Tenant.objects.none(), to_field_name="slug", empty_label=None)

    def __init__(self, *args: Any, tenants: list[Tenant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Tenant]", self.fields["tenant"])
        field.queryset = Tenant.objects.filter(pk__in=[tenant.pk for tenant in tenants])


class WebhookForm(forms.Form):
    """Where notifications go, and which."""

    url = forms.URLField(
        label="Address",
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example/fireside", "autocomplete": "off"}),
    )
    kinds = forms.MultipleChoiceField(
        label="What it is told",
        required=False,
        choices=[(kind.value, kind.label) for kind in SUBSCRIBABLE],
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick nothing to be told everything, also what is added later.",
    )


class EstimateForm(forms.Form):
    """The cost calculator."""

    size = forms.ChoiceField()
    hours = forms.IntegerField(label="Hours a month", min_value=0, max_value=744, initial=HOURS_A_MONTH)
    requests = forms.IntegerField(label="Million requests", min_value=0, max_value=100_000, initial=1)
    stored = forms.IntegerField(label="GiB stored", min_value=0, max_value=1_000_000, initial=1)
    ha = forms.BooleanField(label="Highly available", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ChoiceField", self.fields["size"])
        field.choices = [(price.size, price.title) for price in size_prices().values()]
        field.initial = "s"

    def estimate(self) -> Estimate | None:
        """Of what was asked, else of the first values; None beside a fault: an amount would be that of something else."""
        if self.is_bound and not self.is_valid():
            return None
        asked = self.cleaned_data if self.is_bound else {n: field.initial for n, field in self.fields.items()}
        return Estimate(asked["size"], bool(asked["ha"]), asked["hours"], asked["requests"], asked["stored"])
