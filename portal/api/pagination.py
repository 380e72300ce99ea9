"""Pages of lists: `?page=2&page_size=50` (at most 200)."""

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from portal.api.problems import InvalidQuery

LARGEST = 200


class Pages(PageNumberPagination):
    """Takes its parameters at their word: a size that is no number is refused, not ignored."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = LARGEST

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        number = request.query_params.get("page", "1")
        if not _is_within(number, 10**9):
            raise InvalidQuery({"page": ["Give the number of a page, from 1 on."]})
        try:
            return super().paginate_queryset(queryset, request, view)
        except NotFound:
            raise NotFound(f"There is no page {number}: the list is shorter.") from None

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get("page_size", str(self.page_size))
        if not _is_within(asked, LARGEST):
            raise InvalidQuery({"page_size": [f"Give a whole number from 1 to {LARGEST}."]})
        return int(asked)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in found:
            largest = LARGEST if parameter["name"] == "page_size" else 10**9
            parameter["schema"] |= {"minimum": 1, "maximum": largest}
        return found


def _is_within(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= most
