"""Loading is authorising, for API calls about a deployment."""

from django.http import Http404
from rest_framework.request import Request

from deployments.models import Deployment
from deployments.selectors import get_deployment_for
from portal.access import require_role
from portal.api.access import caller, check_token, token_of
from portal.models import Role


def deployment_for(request: Request, deployment_id: str, role: Role) -> Deployment:
    """The deployment, if person and token both have the role. Raises Http404 for strangers, PermissionDenied."""
    deployment = get_deployment_for(caller(request), deployment_id, Role.READ)
    token = token_of(request)
    if token is not None and token.tenant_id not in (None, deployment.tenant_id):
        raise Http404("No such deployment")
    check_token(token, role)
    if role > Role.READ:
        require_role(caller(request), deployment.tenant, role)
    return deployment
