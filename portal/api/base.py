"""What all views of the Management API share: idempotency keys, entity tags, rate-limit headers, strict reading."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api import idempotency
from portal.api.problems import InvalidQuery

M = TypeVar("M")
_OF_PAGES = frozenset({"page", "page_size"})


class _Shared(APIView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        idempotency.begin(request)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, idempotency.Replayed):
            return exc.response
        try:
            return super().handle_exception(exc)
        except Exception:
            idempotency.abandon(self.request)
            raise

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        idempotency.end(request, response)
        for name, value in getattr(request, "rate_limit_headers", {}).items():
            response.headers[name] = value
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return super().finalize_response(request, response, *args, **kwargs)

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """With `ETag` on what is read, and 304 for the one that the caller has (RFC 9110, 13.1.2)."""
        return conditional_page(super().as_view(**initkwargs))


class ApiView(_Shared):
    """One resource, or one thing that is done."""


@extend_schema(exclude=True)
class Nothing(ApiView):
    """Every other address: a problem, not a page."""

    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404("There is nothing at this address. Addresses end with a slash.")


class ApiListView(_Shared, generics.GenericAPIView[M]):  # type: ignore[type-var]
    """A list in pages."""

    def page_of(self, items: Any, serializer_class: type[serializers.BaseSerializer[Any]]) -> Response:
        if not getattr(self.request, "query_was_read", False):
            _refuse_unknown(self.request, frozenset())
        page = self.paginate_queryset(_in_full_order(items))
        return self.get_paginated_response(serializer_class(page, many=True).data)


def read_body(
    serializer_class: type[serializers.BaseSerializer[Any]], request: Request, **options: Any
) -> Any:
    """The body as checked values. Raises DRF's ValidationError by field."""
    read = serializer_class(data=request.data, **options)
    read.is_valid(raise_exception=True)
    return read.validated_data


def answer_once(data: Mapping[str, Any], code: int, **secrets: str) -> Response:
    """What was made, with a secret that no later answer holds: nothing on the way may keep it (RFC 9111, 5.2.2.5)."""
    return Response({**data, **secrets}, status=code, headers={"Cache-Control": "no-store"})


def read_query(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The query's parameters that were given, checked. Raises InvalidQuery by parameter, also for one that there is not."""
    read = serializer_class(data=request.query_params)
    _refuse_unknown(request, frozenset(read.fields))
    if not read.is_valid():
        raise InvalidQuery(read.errors)
    return dict(read.validated_data)


def _in_full_order(items: Any) -> Any:
    """So that what was made in the same instant is neither repeated nor lost between two pages."""
    if not isinstance(items, QuerySet):
        return items
    order = [str(name) for name in items.query.order_by or items.model._meta.ordering]
    return items if {"pk", "-pk"} & set(order) else items.order_by(*order, "pk")


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    """A filter that is misspelt would otherwise find everything."""
    unknown = [name for name in request.query_params if name not in known | _OF_PAGES]
    if unknown:
        raise InvalidQuery({name: ["There is no such parameter."] for name in unknown})
    request.query_was_read = True  # type: ignore[attr-defined]
