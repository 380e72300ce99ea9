"""How the fields of every form look: templates/components/field.html."""

from django import forms
from django.template.loader import render_to_string


class Sample(forms.Form):
    name = forms.CharField()
    note = forms.CharField(required=False)
    opted = forms.BooleanField(label="Send me mail", required=False, help_text="At most weekly.")
    kinds = forms.MultipleChoiceField(
        choices=[("a", "First"), ("b", "Second")], widget=forms.CheckboxSelectMultiple
    )


def test_no_label_ends_in_a_colon_and_each_names_its_control() -> None:
    shown = render_to_string("components/form.html", {"form": Sample()})
    assert '<label for="id_opted">Send me mail</label>' in shown
    assert '<label for="id_name">Name</label>' in shown
    assert '<label for="id_note">Note <span class="optional">(optional)</span></label>' in shown
    assert "<legend>Kinds</legend>" in shown
    assert ":</l" not in shown
