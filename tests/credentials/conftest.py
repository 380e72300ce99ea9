import pytest

from deployments.models import Deployment, Region, State
from portal.models import Tenant, User


@pytest.fixture
def deployment(tenant: Tenant, alice: User) -> Deployment:
    region, _ = Region.objects.get_or_create(name="local", title="Local", database="region_local")
    return Deployment.objects.create(
        tenant=tenant, name="Clinic", state=State.RUNNING, size="extra-small", region=region, created_by=alice
    )
