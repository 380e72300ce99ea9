"""Gives a view the deployment of its URL, loaded through the signed-in person's membership."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase

from deployments.models import Deployment
from deployments.selectors import get_deployment_for
from portal.models import Role

P = ParamSpec("P")
DeploymentView = Callable[Concatenate[HttpRequest, Deployment, P], HttpResponseBase]


def deployment_view(role: Role) -> Callable[[DeploymentView[P]], Callable[..., HttpResponseBase]]:
    """Anonymous people are sent to sign in, strangers get 404, members whose role is too small get 403."""

    def decorate(view: DeploymentView[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        @login_required
        def loaded(
            request: HttpRequest, deployment_id: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            deployment = get_deployment_for(request.user, deployment_id, role)
            return view(request, deployment, *args, **kwargs)

        return loaded

    return decorate
