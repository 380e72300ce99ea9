"""The deployments' forms: they check what was typed; the services decide."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from deployments import services
from deployments.models import Region, ServiceLevel
from deployments.presets import PRESETS
from deployments.selectors import list_open_regions
from deployments.sizes import SIZES, SMALLEST, get_size
from deployments.upstream import check_connection
from deployments.upstream_forms import UpstreamFields, UpstreamScheme
from portal.features import CONNECTED_SERVERS, is_on
from portal.models import Tenant
from portal.subscriptions import Entitlement, get_entitlement


class OptionsForm(UpstreamFields):
    """Step 1: embedded or connected, size, high availability and the data to begin with."""

    service = forms.ChoiceField(
        choices=[("embedded", "Embedded"), ("connected", "Connected")], required=False, initial="embedded"
    )
    upstream = forms.CharField(required=False, max_length=200)
    size = forms.ChoiceField(choices=[(size.code, size.title) for size in SIZES], initial=SMALLEST.code)
    high_availability = forms.BooleanField(required=False)
    preset = forms.ChoiceField(
        choices=[(preset.code, preset.title) for preset in PRESETS], required=False, initial="synthea-5"
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entitlement: Entitlement = get_entitlement(tenant)
        self.connects = is_on(CONNECTED_SERVERS)

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        if "size" not in chosen:
            return chosen
        refusal = self.entitlement.refusal(
            existing=-1, size=chosen["size"], high_availability=chosen["high_availability"]
        )
        if refusal:
            raise ValidationError(refusal)
        services.check_preset(chosen.get("preset", ""), get_size(chosen["size"]))
        connection = self._connection(chosen)
        kept = {name: value for name, value in chosen.items() if not name.startswith("upstream")}
        return kept | connection

    def _connection(self, chosen: dict[str, Any]) -> dict[str, str]:
        """The upstream and its sealed credential: the session never holds the credential in clear."""
        if chosen.get("service") != "connected":
            return {"upstream": "", "upstream_credential": ""}
        if not chosen.get("upstream"):
            raise ValidationError({"upstream": "Give the base URL of the server to connect."})
        base = check_connection(chosen["upstream"])
        return {
            "upstream": base,
            "upstream_credential": self.seal(chosen, base) or self._sealed_before(chosen, base),
        }

    def _sealed_before(self, chosen: dict[str, Any], base: str) -> str:
        """Whoever comes back to this step does not type the credential again."""
        untouched = (
            not chosen.get("upstream_credential") and chosen.get("upstream_scheme") != UpstreamScheme.NONE
        )
        return (
            str(self.initial.get("upstream_credential", ""))
            if untouched and self.initial.get("upstream") == base
            else ""
        )


class CloudForm(forms.Form):
    """Step 2: where the data lives."""

    region = forms.ModelChoiceField(queryset=Region.objects.none(), to_field_name="name", empty_label=None)

    def __init__(self, *args: Any, high_availability: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.high_availability = high_availability
        field = cast("forms.ModelChoiceField[Region]", self.fields["region"])
        field.queryset = list_open_regions()

    def clean_region(self) -> Region:
        region: Region = self.cleaned_data["region"]
        try:
            services.check_region(region, self.high_availability)
        except ValidationError as error:
            raise ValidationError(error.messages) from error
        return region


class NameForm(forms.Form):
    """Step 3: what it is called, for good."""

    name = forms.CharField(
        max_length=services.NAME_LENGTH,
        help_text="Up to 50 characters, unique in the tenant. It cannot be changed later.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    service_level = forms.ChoiceField(
        choices=ServiceLevel.choices,
        initial=ServiceLevel.DEVELOPMENT,
        help_text="A label that tells your team how careful to be. It can be changed.",
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant

    def clean_name(self) -> str:
        try:
            return services.check_name(self.tenant, self.cleaned_data["name"])
        except ValidationError as error:
            raise ValidationError(error.messages) from error


class ServiceLevelForm(forms.Form):
    service_level = forms.ChoiceField(choices=ServiceLevel.choices)


class AccessSettingsForm(forms.Form):
    """Who may call from a browser, and what is said during maintenance."""

    allowed_origins = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line, such as https://app.example. Browser applications on these addresses may call the FHIR endpoint.",
    )
    maintenance_message = forms.CharField(
        required=False,
        max_length=200,
        help_text="Shown on the deployment's pages, and to callers while the endpoint is stopped.",
    )

    def clean_allowed_origins(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["allowed_origins"].splitlines() if line.strip()]
        try:
            return [services.check_origin(line) for line in lines]
        except ValidationError as error:
            raise ValidationError(error.messages) from error


MEGABYTE = 1_000_000


class LimitsForm(forms.Form):
    """Limits of one deployment, below those of its size."""

    requests_per_second = forms.IntegerField(
        required=False,
        min_value=1,
        label="Requests a second",
        help_text="All callers together; beyond it they are answered 429. Empty: as many as the size allows.",
    )
    largest_body = forms.DecimalField(
        required=False,
        min_value=Decimal("0.001"),
        decimal_places=3,
        label="Largest body (MB)",
        help_text="Of a request, unpacked too; beyond it the answer is 413. Empty: as large as this installation takes.",
    )

    def clean_largest_body(self) -> int | None:
        """Bytes."""
        given: Decimal | None = self.cleaned_data["largest_body"]
        return None if given is None else int(given * MEGABYTE)


class SizeForm(forms.Form):
    size = forms.ChoiceField(choices=[(size.code, size.title) for size in SIZES])
