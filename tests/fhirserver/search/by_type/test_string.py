"""string: value × modifier. https://hl7.org/fhir/R4/search.html#string

Without a modifier a text is found by its beginning, `:contains` by any part, both without case and accents; `:exact` is the whole text as it
was written. No value has a prefix: `gt` is the beginning of a name.
"""

from typing import Any

from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import by_modifier, loaded, require_found, require_refused


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
    "u": {
        "name": [{"text": "Ann of the Hill"}],
        "address": [{"line": ["1 Main St"], "city": "Ghent", "country": "BE"}],
    },
}
FAMILIES = by_modifier(
    "Patient?family",
    {
        "muller": "acd contains:acde exact:c text:acde",
        "Müller": "acd contains:acde exact:a text:acde",
        "MULLER": "acd contains:acde exact:d text:acde",
        "mull": "acd contains:acde exact:- text:acde",
        "ULL": "- contains:acde exact:- text:acde",
        "von": "e contains:e exact:- text:e",
        "von muller": "e contains:e exact:- text:e",
        "muller von": "- contains:- exact:- text:e",
        "o'b": "g contains:g exact:-",
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
        r"Smith\, John,muller": "acdj contains:acdej exact:cj",
        # What has a meaning for a database has none here.
        "%25": "- contains:k exact:-",
        "_": "- contains:k exact:-",
        r"100%25_a\\b": "k contains:k exact:k",
        r"%25_a\\": "- contains:k exact:-",
        "!": "- contains:- exact:-",
        "*": "- contains:- exact:-",
        "张": "n contains:n exact:-",
        "伟": "- contains:n exact:-",
        "jose": "o contains:o exact:-",
        "Jos%C3%A9": "o contains:o exact:-",
        "nandu": "- contains:o exact:-",
        "two words": "p contains:p exact:-",
        "words": "- contains:p exact:-",
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
        "true": "- contains:- missing:lmu",
        "false": "- contains:- missing:^lmu",
    },
    "abcdefghijklmnopqrstu",
)
OTHERS = {
    "Patient?family=mul&family=von": "-",
    "Patient?family=o&family=old": "t",
    "Patient?given=ann": "a",
    "Patient?given=zoe": "m",
    "Patient?given:exact=Zoe": "-",
    "Patient?name=ann": "au",
    "Patient?name=marie": "a",
    "Patient?name=dr": "a",
    "Patient?name=ann&name=muller": "a",
    "Patient?name=ann marie": "-",
    "Patient?name:text=muller": "acde",
    "Patient?name:text=hill ann": "u",
    "Patient?name:missing=true": "l",
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
    **{
        f"Patient?family:{modifier}=x": f"family: the modifier :{modifier} is not possible here"
        for modifier in (
            "not",
            "in",
            "not-in",
            "above",
            "below",
            "of-type",
            "identifier",
            "iterate",
            "Patient",
            "Exact",
            "eq",
        )
    },
}


def test_texts_are_found_by_every_modifier(client: Client) -> None:
    loaded(client, "Patient", PATIENTS)
    require_found(client, FAMILIES | OTHERS)


def test_what_no_text_takes_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)
