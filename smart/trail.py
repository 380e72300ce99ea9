"""Writing down in the tenant's audit log what was changed at a deployment's authorization server."""

from deployments.models import Deployment
from portal import audit
from portal.models import User


def note_change(deployment: Deployment, change: str, target: object, *, by: User) -> None:
    """`change` as "application_created"; `target` names what was changed within the deployment."""
    audit.record(f"oauth.{change}", tenant=deployment.tenant, actor=by, target=f"{deployment.name}: {target}")
