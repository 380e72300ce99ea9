"""`:above` and `:below` of references: along what is a part of what. https://hl7.org/fhir/R4/search.html#recursive"""

from typing import Any

import pytest

from fhirserver.access import AccessGrant, Permission
from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import found, loaded, require_found


def within(parent: str) -> dict[str, Any]:
    return {"partOf": {"reference": parent}}


@pytest.fixture
def wards(client: Client) -> Client:
    """A house with a ward with two rooms, and a house by itself; each has a procedure with the letter of its place."""
    parents = {"h": "", "w": "Location/h", "r": "Location/w", "s": "Location/w", "x": ""}
    loaded(client, "Location", {name: within(parent) if parent else {} for name, parent in parents.items()})
    done = {name: {"location": {"reference": f"Location/{name}"}} for name in parents}
    loaded(client, "Procedure", done, status="completed", subject={"reference": "Patient/p"})
    return client


def test_a_place_is_found_with_all_within_it_and_all_that_it_is_within(wards: Client) -> None:
    require_found(
        wards,
        {
            "Procedure?location:below=h": "hrsw",
            "Procedure?location:below=Location/w": "rsw",
            "Procedure?location:below=r": "r",
            "Procedure?location:below=r,x": "rx",
            "Procedure?location:below=nowhere": "-",
            "Procedure?location:above=r": "hrw",
            "Procedure?location:above=h": "h",
            "Procedure?location:below=h&location:above=w": "hw",
            "Procedure?location:below=w&_sort=-_id": "rsw",
            "Procedure?patient=p&location:below=w": "rsw",
            "Location?partof:below=h": "rsw",
            "Location?partof:above=w": "rsw",
            "Location?_has:Procedure:location:location:below=w": "rsw",
            "Procedure?_filter=location re Location/h": "h",
            "?_type=Procedure&location:below=w": "rsw",
        },
    )


def test_parts_that_go_in_a_circle_end(client: Client) -> None:
    loaded(client, "Organization", {"a": within("Organization/b"), "b": within("Organization/a")})
    require_found(client, {"Organization?partof:below=a": "ab", "Organization?partof:above=a": "ab"})


def test_a_confined_caller_does_not_learn_what_lies_between(wards: Client) -> None:
    hidden = Client(
        wards.partition,
        AccessGrant(
            (
                Permission("Procedure", frozenset("rs")),
                Permission("Location", frozenset("rs"), None, "_id=h,r,s"),
            )
        ),
    )
    # The ward is not theirs to find, and so nothing leads through it.
    assert found(hidden, "Procedure?location:below=h") == "h"
    assert found(hidden, "Procedure?location:above=r") == "r"
    assert found(hidden, "Procedure?location=w") == "w"


def test_a_confined_caller_is_not_told_that_an_id_stands_for_several_types(client: Client) -> None:
    subjects = {"a": "Patient/1", "b": "Group/1"}
    loaded(
        client,
        "Observation",
        {name: {"subject": {"reference": to}} for name, to in subjects.items()},
        status="final",
        code={"text": "x"},
    )
    assert found(client, "Observation?subject=1").startswith("400 subject=1 stands for")
    own = Client(
        client.partition, AccessGrant((Permission("Observation", frozenset("rs"), ("Patient", "1")),))
    )
    assert found(own, "Observation?subject=1") == "a"
