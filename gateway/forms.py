"""The filters of the log."""

from typing import Any

from django import forms

STATUSES = [
    ("", "Any status"),
    *(("2", "2xx success"), ("4", "4xx refused or wrong"), ("5", "5xx fault")),
    *(
        ("401", "401 not authenticated"),
        ("403", "403 not authorised"),
        ("404", "404"),
        ("422", "422 invalid"),
        ("429", "429 throttled"),
    ),
]
INTERACTIONS = (
    *("read", "vread", "search-type", "search-system", "create", "update", "patch", "delete"),
    *(
        "history-instance",
        "history-type",
        "history-system",
        "batch",
        "transaction",
        "capabilities",
        "operation",
    ),
)


class LogFilterForm(forms.Form):
    """Everything is optional; nonsense filters nothing out and is said at its field."""

    since = forms.DateTimeField(
        required=False, label="From", widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    until = forms.DateTimeField(
        required=False, label="To", widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    credential = forms.CharField(required=False, max_length=80, label="Key or application")
    interaction = forms.ChoiceField(
        required=False, choices=[("", "Any interaction"), *((name, name) for name in INTERACTIONS)]
    )
    status = forms.ChoiceField(required=False, choices=STATUSES)
    patient = forms.CharField(required=False, max_length=72, label="Patient id")
    trace = forms.CharField(required=False, max_length=16, label="Trace id")

    def filters(self) -> dict[str, Any]:
        """What was understood, by field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
