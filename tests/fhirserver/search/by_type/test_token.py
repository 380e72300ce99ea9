r"""token: value × modifier × what the element is. https://hl7.org/fhir/R4/search.html#token

`code` is that code in whichever system, `system|code` in that one, `|code` in none, `system|` any code of it. Codes are compared without
case, systems with it. `:not` takes in what has no value. `\,` `\|` `\$` and `\\` stand for the characters themselves.
"""

from typing import Any

from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import (
    by_modifier,
    by_refused_modifier,
    loaded,
    require_found,
    require_refused,
)

S1, S2 = "http://one.example", "http://two.example"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def coded(*codings: dict[str, str], text: str = "") -> dict[str, Any]:
    return {"code": {"coding": [*codings], "text": text} if text else {"coding": [*codings]}}


def coding(system: str, code: str, display: str = "") -> dict[str, str]:
    return {
        name: value for name, value in (("system", system), ("code", code), ("display", display)) if value
    }


CONDITIONS: dict[str, dict[str, Any]] = {
    "a": coded(coding(S1, "X")),
    "b": coded(coding(S2, "X")),
    "c": coded(coding("", "X")),
    "d": coded(coding(S1, "Y"), coding(S2, "X", "Big X"), text="Both kinds"),
    "e": {"code": {"text": "X only in words"}},
    "f": {},
    "g": coded(coding(S1, "")),
    "h": coded(coding(S1, "x")),
    "i": coded(coding(S1, "a|b,c$d\\e")),
    "j": coded(coding(S1, "gt5")),
    "k": coded(coding(CLINICAL, "relapse")),
    "l": coded(coding(CLINICAL, "active")),
}
CONCEPTS = by_modifier(
    "Condition?code",
    {
        "X": "abcdh not:^abcdh",
        "x": "abcdh not:^abcdh",
        f"{S1}|X": "ah not:^ah",
        f"{S2}|X": "bd not:^bd",
        f"{S1}|x": "ah not:^ah",
        "|X": "c not:^c",
        f"{S1}|": "adghij not:^adghij",
        f"{S1.upper()}|X": "- not:^",
        "http://three.example|X": "- not:^",
        "http://three.example|": "- not:^",
        f"{S1}|X,{S2}|X": "abdh not:^abdh",
        "X,Y": "abcdh not:^abcdh",
        "Y": "d not:^d",
        "gt5": "j not:^j",
        "gt": "-",
        "Z": "- not:^",
        rf"{S1}|a\|b\,c\$d\\e": "i not:^i",
        r"a\|b\,c\$d\\e": "i not:^i",
        r"a\|b": "-",
        "both": "- text:d",
        "BIG x": "text:d",
        "x only": "text:e",
        "kinds": "text:-",
        "true": "missing:f",
        "false": "missing:^f",
        f"{CLINICAL}|active": "l below:kl above:l",
        f"{CLINICAL}|relapse": "k below:k above:kl",
        f"{CLINICAL}|resolved": "- below:- above:-",
        "http://hl7.org/fhir/ValueSet/condition-clinical": "in:kl not-in:^kl",
    },
    "abcdefghijkl",
)
MRN = "http://terminology.hl7.org/CodeSystem/v2-0203"
KIND = {"coding": [{"system": MRN, "code": "MR", "display": "Medical record"}], "text": "Chart"}
PATIENTS: dict[str, dict[str, Any]] = {
    "a": {"identifier": [{"system": S1, "value": "1"}], "active": True, "gender": "male"},
    "b": {"identifier": [{"system": S2, "value": "1"}], "active": False, "gender": "female"},
    "c": {"identifier": [{"value": "1"}], "deceasedBoolean": True},
    "d": {"identifier": [{"system": S1}], "deceasedDateTime": "2020"},
    "e": {"telecom": [{"system": "email", "value": "A@x.example", "use": "work"}], "gender": "other"},
    "f": {"identifier": [{"type": KIND, "system": S1, "value": "2"}, {"type": KIND, "value": "9-a"}]},
    "g": {"telecom": [{"system": "phone", "value": "555 1"}, {"system": "email", "value": "b@x.example"}]},
    "h": {"deceasedBoolean": False, "communication": [{"language": {"coding": [{"code": "de-CH"}]}}]},
}
IDENTIFIERS = by_modifier(
    "Patient?identifier",
    {
        "1": "abc not:^abc",
        f"{S1}|1": "a not:^a",
        "|1": "c not:^c",
        f"{S1}|": "adf not:^adf",
        "9-A": "f",
        "chart": "text:f",
        "medical": "text:f",
        f"{MRN}|MR|2": "of-type:f",
        f"{MRN}|MR|9-a": "of-type:f",
        f"{MRN}|mr|2": "of-type:f",
        f"{MRN}|MR|1": "of-type:-",
        f"{S1}|MR|2": "of-type:-",
        f"{MRN}|MR|1,{MRN}|MR|2": "of-type:f",
        "true": "missing:egh",
        "false": "missing:^egh",
    },
    "abcdefgh",
)
GENDER = "http://hl7.org/fhir/administrative-gender"
FLAGS = {
    "Patient?active=true": "a",
    "Patient?active=false": "b",
    "Patient?active=true,false": "ab",
    "Patient?active:not=true": "bcdefgh",
    "Patient?active:missing=true": "cdefgh",
    "Patient?active=yes": "-",
    "Patient?active=http://hl7.org/fhir/special-values|true": "a",
    "Patient?active=http://terminology.hl7.org/CodeSystem/special-values|false": "b",
    f"Patient?active={S1}|true": "-",
    "Patient?deceased=true": "cd",
    "Patient?deceased=http://hl7.org/fhir/special-values|true": "cd",
    "Patient?deceased=http://hl7.org/fhir/special-values|false": "abefgh",
    f"Patient?deceased={S1}|true": "-",
    f"Patient?deceased={S1}|false": "-",
    "Patient?deceased=false": "abefgh",
    "Patient?deceased:not=true": "abefgh",
    "Patient?gender=male": "a",
    "Patient?gender=MALE": "a",
    f"Patient?gender={GENDER}|male": "a",
    f"Patient?gender={S1}|male": "-",
    "Patient?gender=|male": "a",
    f"Patient?gender={GENDER}|": "abe",
    "Patient?gender:not=male": "bcdefgh",
    "Patient?gender:not=male,female": "cdefgh",
    "Patient?gender:missing=false": "abe",
    "Patient?gender=male,female": "ab",
    "Patient?gender=male&gender=female": "-",
    "Patient?email=a@x.example": "e",
    "Patient?email=a@X.EXAMPLE": "e",
    "Patient?phone=a@x.example": "-",
    "Patient?phone=555 1": "g",
    "Patient?telecom=555 1": "g",
    "Patient?telecom=a@x.example,b@x.example": "eg",
    "Patient?telecom:missing=false": "eg",
    "Patient?email=work|a@x.example": "e",
    "Patient?email=email|a@x.example": "e",
    "Patient?email=home|a@x.example": "-",
    "Patient?email=phone|555 1": "-",
    "Patient?email=|b@x.example": "g",
    "Patient?email=work|": "e",
    "Patient?email=email|": "eg",
    "Patient?email:missing=false": "eg",
    "Patient?phone:missing=true": "abcdefh",
    "Patient?email:not=a@x.example": "abcdfgh",
    "Patient?phone=555 1,a@x.example": "g",
    'Patient?_filter=phone eq "555 1" or email eq a@x.example': "eg",
    "Patient?language=de-ch": "h",
}
ENCOUNTERS = {
    "a": {
        "class": {"system": S1, "code": "AMB", "display": "Out of house"},
        "meta": {"tag": [{"system": S2, "code": "t"}]},
    },
    "b": {"class": {"code": "AMB"}, "meta": {"security": [{"system": S1, "code": "R"}]}},
    "c": {"class": {"system": S2, "code": "IMP"}, "meta": {"tag": [{"code": "t"}]}},
}
CODINGS = {
    "Encounter?class=AMB": "ab",
    f"Encounter?class={S1}|AMB": "a",
    "Encounter?class=|AMB": "b",
    f"Encounter?class={S2}|": "c",
    "Encounter?class:not=AMB": "c",
    "Encounter?class:text=out of": "a",
    "Encounter?_tag=t": "ac",
    f"Encounter?_tag={S2}|t": "a",
    "Encounter?_tag=|t": "c",
    "Encounter?_tag:not=t": "b",
    "Encounter?_security=R": "b",
    f"Encounter?_security={S1}|R": "b",
    "Encounter?_security:missing=true": "ac",
}
SETS = {"a": {"version": "1.0"}, "b": {"version": "1,0"}, "c": {}}
STRINGS = {
    "ValueSet?version=1.0": "a",
    r"ValueSet?version=1\,0": "b",
    "ValueSet?version=1": "-",
    "ValueSet?version:missing=true": "c",
    "ValueSet?version:not=1.0": "bc",
}
# Of a mime type `:below` takes in whatever parameters it has, and of its kind alone (`text`) every type of that kind, as in R5.
KINDS = {"a": "text/xml", "b": "text/xml; charset=UTF-8", "c": "text/xmlx"}
MIME_TYPES = {
    "DocumentReference?contenttype=text/xml": "a",
    "DocumentReference?contenttype=text/xml; charset=UTF-8": "b",
    "DocumentReference?contenttype:below=text/xml": "ab",
    "DocumentReference?contenttype:below=TEXT/XML; charset=ascii": "ab",
    "DocumentReference?contenttype:below=text": "abc",
    "DocumentReference?contenttype:below=Text/": "abc",
    "DocumentReference?contenttype:below=text/*": "abc",
    "DocumentReference?contenttype:below=tex": "-",
    "DocumentReference?contenttype:below=image,text/xmlx": "c",
    "DocumentReference?contenttype=text": "-",
    "Library?content-type:below=text/xml": "d",
}
CODE_FORM = "is not of the form code, system|code, |code or system|"
REFUSED = {
    "Condition?code=a|b|c": f"code=a|b|c {CODE_FORM}",
    "Condition?code=|": f"code=| {CODE_FORM}",
    "Condition?code=x,a|b|c": f"code=a|b|c {CODE_FORM}",
    "Condition?code:not=a|b|c": f"code=a|b|c {CODE_FORM}",
    "Condition?code:missing=no": "code:missing=no is neither true nor false",
    "Patient?identifier:of-type=MR|2": "identifier:of-type=MR|2 is not of the form system|code|value",
    f"Patient?identifier:of-type={MRN}||2": "is not of the form system|code|value",
    f"Patient?identifier:of-type={MRN}|MR|": "is not of the form system|code|value",
    "Condition?code:below=active": "code:below=active is not of the form system|code",
    "Condition?code:above=http://nowhere.example|x": "not known here",
    "Condition?code:in=http://nowhere.example/set": "not known here",
    **by_refused_modifier("Condition?code", "x", "exact contains identifier iterate Patient Not eq"),
}  # fmt: skip


def test_codes_are_found_by_every_modifier(client: Client) -> None:
    loaded(client, "Condition", CONDITIONS, subject={"reference": "Patient/x"})
    require_found(client, CONCEPTS)


def test_identifiers_flags_and_contacts_are_found_by_every_modifier(client: Client) -> None:
    loaded(client, "Patient", PATIENTS)
    require_found(client, IDENTIFIERS | FLAGS)


def test_codings_and_texts_are_found_as_tokens(client: Client) -> None:
    loaded(client, "Encounter", ENCOUNTERS, status="planned")
    loaded(client, "ValueSet", SETS, status="draft")
    require_found(client, CODINGS | STRINGS)


def test_mime_types_are_found_with_and_without_their_parameters(client: Client) -> None:
    contents = {name: {"content": [{"attachment": {"contentType": kind}}]} for name, kind in KINDS.items()}
    loaded(client, "DocumentReference", contents, status="current")
    library = {"d": {"content": [{"contentType": "text/xml;charset=UTF-8"}]}}
    loaded(client, "Library", library, status="draft", type={"text": "x"})
    require_found(client, MIME_TYPES)


def test_what_is_no_token_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)
