"""string: value × modifier. https://hl7.org/fhir/R4/search.html#string

Without a modifier a text is found by its beginning, `:contains` by any part, both without case, accents, spaces and punctuation ("SHOULD also
be ignored"); `:exact` is the whole text as it was written. The parts of a family name are found on their own ("servers SHOULD search the parts
of a family name independently"). No value has a prefix: `gt` is the beginning of a name.
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


def family(text: str) -> dict[str, Any]:
    return {"name": [{"family": text}]}


PATIENTS: dict[str, dict[str, Any]] = {
    "a": {"name": [{"family": "Müller", "given": ["Ann", "Marie"], "prefix": ["Dr."]}]},
    "b": family("Mueller"),
    "c": family("muller"),
    "d": family("MULLER"),
    "e": family("von Muller"),
    "f": family("Smith-Jones"),
    "g": family("O'Brien"),
    "h": family("Łukasz"),
    "i": family("Straße"),
    "j": family("Smith, John"),
    "k": family("100%_a\\b"),
    "l": {"gender": "male"},
    "m": {"name": [{"given": ["Zoë"]}]},
    "n": family("张伟"),
    "o": family("Jose\u0301 Ñandú"),
    "p": family("  Two \t Words  "),
    "q": family("a$b|c"),
    "r": family("gt5"),
    "s": family("x" * 500 + "!end"),
    "t": {"name": [{"family": "Öz"}, {"family": "Old"}]},
    "v": family("OBrien"),
    "w": family("van der Berg"),
    "x": family("Čapek"),
    "z": family("Conan,Arthur"),
    "y": {
        "address": [
            {
                "line": ["12 St. John's Road, Apt. #4"],
                "city": "Saint-Denis",
                "state": "5.4 (north)",
                "postalCode": "SW1A 1AA",
            }
        ],
    },
    "u": {
        "name": [{"text": "Ann of the Hill"}],
        "address": [{"line": ["1 Main St"], "city": "Ghent", "country": "BE"}],
    },
}
FAMILIES = by_modifier(
    "Patient?family",
    {
        "muller": "acde contains:acde exact:c text:acde",
        "Müller": "acde contains:acde exact:a text:acde",
        "MULLER": "acde contains:acde exact:d text:acde",
        "mull": "acde contains:acde exact:- text:acde",
        "ULL": "- contains:acde exact:- text:acde",
        "von": "e contains:e exact:- text:e",
        "von muller": "e contains:e exact:- text:e",
        "muller von": "- contains:- exact:- text:e",
        "o'b": "gv contains:gv exact:-",
        "O'Brien": "gv contains:gv exact:g",
        "OBrien": "gv contains:gv exact:v",
        "o-brien": "gv contains:gv exact:-",
        "O\u2019BRIEN": "gv contains:gv exact:-",
        "smith jones": "f contains:f exact:-",
        "SmithJones": "f contains:f exact:-",
        "Jones": "f contains:f exact:-",
        "jon": "f contains:f exact:-",
        "hj": "- contains:fj exact:-",
        "john": "j contains:j exact:-",
        # Only spaces and hyphens part names.
        "arthur": "- contains:z exact:-",
        "berg": "w contains:w exact:-",
        "der berg": "w contains:w exact:-",
        "vanderb": "w contains:w exact:-",
        "der van": "- contains:- exact:-",
        "LUK": "h contains:h exact:-",
        "łuk": "h contains:h exact:-",
        "Łukasz": "h contains:h exact:h",
        "strasse": "i contains:i exact:-",
        "STRASS": "i contains:i exact:-",
        "Straße": "i contains:i exact:i",
        # A comma separates alternatives, unless it is escaped.
        "smith,von": "efj contains:efj exact:-",
        r"smith\, john": "j contains:j exact:-",
        r"Smith\, John": "j contains:j exact:j",
        r"Smith\, John,muller": "acdej contains:acdej exact:cj",
        # What has a meaning for a database has none here, and no meaning for names either.
        "%25": "- contains:- exact:-",
        "_": "- contains:- exact:-",
        r"100%25_a\\b": "k contains:k exact:k",
        r"100a\\b": "k contains:k exact:-",
        r"0%25_a\\b": "- contains:k exact:-",
        # As it was written is not found by what a database keeps of it.
        "c": "xz contains:qxz exact:-",
        "!": "- contains:- exact:-",
        "*": "- contains:- exact:-",
        "张": "n contains:n exact:-",
        "伟": "- contains:n exact:-",
        "jose": "o contains:o exact:-",
        "Jos%C3%A9": "o contains:o exact:-",
        "nandu": "o contains:o exact:-",
        "two words": "p contains:p exact:-",
        "words": "p contains:p exact:-",
        r"a\$b\|c": "q contains:q exact:q",
        "a$b|c": "q contains:q exact:q",
        r"b\|": "- contains:q exact:-",
        "gt5": "r contains:r exact:r",
        "gt": "r contains:r exact:-",
        "ne5": "- contains:- exact:-",
        "xxxx": "s contains:s exact:-",
        "x" * 500 + "!end": "s contains:s exact:s",
        "x" * 500 + "!": "s contains:s exact:-",
        "oz": "t contains:t exact:-",
        "old": "t contains:t exact:-",
        "true": "- contains:- missing:lmuy",
        "false": "- contains:- missing:^lmuy",
    },
    "abcdefghijklmnopqrstuvwxyz",
)
OTHERS = {
    "Patient?family=mul&family=von": "e",
    "Patient?family=mul&family=vom": "-",
    "Patient?family=o&family=old": "t",
    "Patient?given=ann": "a",
    "Patient?given=zoe": "m",
    "Patient?given:exact=Zoe": "-",
    "Patient?name=ann": "au",
    "Patient?name=marie": "a",
    "Patient?name=dr": "a",
    "Patient?name=ann&name=muller": "a",
    "Patient?name=ann marie": "-",
    "Patient?name=jones": "f",
    "Patient?name:exact=Jones": "-",
    # Parts are told of family names only.
    "Patient?given=marie": "a",
    "Patient?name=hill": "-",
    "Patient?address=12 st johns road apt 4": "y",
    "Patient?address-postalcode=sw1a1aa": "y",
    "Patient?address-city=saint denis": "y",
    # A decimal point is none of a sentence.
    "Patient?address-state=5.4": "y",
    "Patient?address-state=54": "-",
    "Patient?name:text=muller": "acde",
    "Patient?name:text=hill ann": "u",
    "Patient?name:missing=true": "ly",
    "Patient?address=ghent": "u",
    "Patient?address=1 main": "u",
    "Patient?address-city=GHENT": "u",
    "Patient?address-city=main": "-",
    "Patient?address-country:exact=BE": "u",
    "Patient?address:contains=main": "u",
}
REFUSED = {
    "Patient?family:missing=maybe": "family:missing=maybe is neither true nor false",
    "Patient?family:missing=true,false": "family:missing=true,false is neither true nor false",
    **by_refused_modifier(
        "Patient?family", "x", "not in not-in above below of-type identifier iterate Patient Exact eq"
    ),
}


def test_texts_are_found_by_every_modifier(client: Client) -> None:
    loaded(client, "Patient", PATIENTS)
    require_found(client, FAMILIES | OTHERS)


def test_what_no_text_takes_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)


LONG = f"{'lorem ' * 100}needle-at-the-End {'ipsum ' * 90}tail"


def test_long_texts_are_found_to_their_end(client: Client) -> None:
    loaded(client, "Patient", {"a": {"address": [{"text": LONG}]}, "b": {"address": [{"text": LONG[:500]}]}})
    require_found(
        client,
        {
            "Patient?address=lorem": "ab",
            "Patient?address=ipsum": "-",
            "Patient?address:contains=lorem": "ab",
            "Patient?address:contains=needle": "a",
            "Patient?address:contains=NEEDLE AT": "a",
            "Patient?address:contains=tail": "a",
            "Patient?address:contains=taile": "-",
            "Patient?address:text=tail needle": "a",
            f"Patient?address={LONG}": "a",
            f"Patient?address={LONG[:700]}": "a",
            f"Patient?address={LONG}s": "-",
            f"Patient?address={LONG[:700]}x": "-",
            f"Patient?address:contains={LONG[300:1100]}": "a",
            f"Patient?address:contains={LONG[300:1100]}q": "-",
            f"Patient?address:exact={LONG}": "a",
            f"Patient?address:exact={LONG.upper()}": "-",
            'Patient?_filter=address co "needle"': "a",
        },
    )


def test_parts_of_names_neither_sort_nor_compare(client: Client) -> None:
    names = {"a": "Smith-Abel", "b": "Miller", "c": "Zorn"}
    loaded(client, "Patient", {name: family(text) for name, text in names.items()})
    for query, order in {"_sort=family": "bac", "_sort=-family": "cab", "_sort=family&family=abel,zorn": "ac"}.items():  # fmt: skip
        entries = client.get(f"Patient?{query}").json()["entry"]
        assert "".join(one["resource"]["id"] for one in entries) == order
    require_found(
        client,
        {
            'Patient?_filter=family eq "abel"': "-",
            'Patient?_filter=family lt "b"': "-",
            'Patient?_filter=family ne "smith-abel"': "bc",
            'Patient?_filter=family sw "abel"': "a",
            'Patient?_filter=family ew "abel"': "a",
        },
    )
