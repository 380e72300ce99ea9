"""Gives a view what its URL names: a deployment, loaded through membership, or one's own server elsewhere."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from deployments.selectors import get_deployment_for
from explorer.foreign import get_server_for
from explorer.targets import Target
from portal.access import signed_in
from portal.models import Role

P = ParamSpec("P")
TargetView = Callable[Concatenate[HttpRequest, Target, P], HttpResponseBase]


def target_view(view: TargetView[P]) -> Callable[..., HttpResponseBase]:
    """Anonymous people are sent to sign in; strangers get 404. Reading a deployment is enough: its door decides the rest."""

    @wraps(view)
    @login_required
    def loaded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        server_id, deployment_id = kwargs.pop("server_id", None), kwargs.pop("deployment_id", "")
        target: Target
        if server_id is not None:
            target = get_server_for(signed_in(request), str(server_id))
        else:
            target = get_deployment_for(request.user, str(deployment_id), Role.READ)
        response = view(request, target, *args, **kwargs)
        # The same address gives a part to htmx and a page to the browser, whose cache must not take one for the other.
        patch_vary_headers(response, ["HX-Request", "HX-Boosted"])
        return response

    return loaded
