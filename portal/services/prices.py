"""Changing plans and prices: the operator's forms, and what is written down of a change."""

from typing import Any

from django.db import transaction
from django.forms import BaseModelFormSet, model_to_dict, modelformset_factory

from portal import audit
from portal.models import PlanTerms, Rate, SizePrice, User

LABELS = {
    "days": "Days that it lasts",
    "deployments": "Deployments at a time",
    "log_days": "Days that the log is kept",
    "hour": "Cents an hour",
    "hour_highly_available": "Cents an hour, highly available",
}
Forms = dict[str, "BaseModelFormSet[Any, Any]"]

_EDITED: dict[str, tuple[type[Any], list[str]]] = {
    "terms": (PlanTerms, ["days", "deployments", "high_availability", "log_days"]),
    "prices": (SizePrice, ["hour", "hour_highly_available", "suits"]),
    "rates": (Rate, ["cents"]),
}


def price_forms(data: Any = None) -> Forms:
    """One set of forms a table, by its name; amounts are in cents."""
    return {
        name: modelformset_factory(model, fields=fields, extra=0, labels=LABELS)(
            data, queryset=model.objects.all(), prefix=name
        )
        for name, (model, fields) in _EDITED.items()
    }


@transaction.atomic
def change_prices(forms: Forms, *, actor: User) -> None:
    """Save valid forms; each changed row is an audit event with the values before and after."""
    for name, formset in forms.items():
        model, fields = _EDITED[name]
        before = {row.pk: model_to_dict(row, fields) for row in model.objects.all()}
        for row in formset.save():
            audit.record(
                f"operator.{name}_changed",
                tenant=None,
                actor=actor,
                target=str(row),
                before=before[row.pk],
                after=model_to_dict(row, fields),
            )
