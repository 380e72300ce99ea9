"""What the landing page shows of the explorer."""

import pytest
from django.core.cache import cache
from django.test import Client

from explorer.showcase import show_example
from portal import showcase
from portal.showcase import Showcase, get_showcase, register_showcase


@pytest.fixture(autouse=True)
def no_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(showcase, "_sources", [])


def shown(url: str) -> Showcase:
    return Showcase(
        "GET", url, f"curl {url}", "200 OK", 4, '{"resourceType": "Bundle"}', ("Name",), (("Ada",),)
    )


@pytest.mark.django_db
def test_the_landing_page_stands_without_any_showcase(client: Client) -> None:
    assert client.get("/").status_code == 200


@pytest.mark.django_db
def test_the_more_real_showcase_is_shown(client: Client) -> None:
    register_showcase(lambda: shown("/example"))
    register_showcase(lambda: shown("/live"), first=True)
    text = client.get("/").content.decode()
    assert ">/live</code>" in text
    assert "<td>Ada</td>" in text


def test_a_source_without_an_answer_gives_way_and_answers_are_kept() -> None:
    asked: list[int] = []

    def silent() -> None:
        asked.append(1)

    register_showcase(silent)
    register_showcase(lambda: shown("/example"))
    for _ in range(2):
        found = get_showcase()
        assert found
        assert found.url == "/example"
    assert asked == [1]


def test_the_example_of_the_catalogue_is_a_patient() -> None:
    example = show_example()
    assert example is not None
    assert '"resourceType": "Patient"' in example.body
    assert "$FHIR_API_KEY" in example.curl
