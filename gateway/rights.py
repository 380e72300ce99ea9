"""What each role may do with logs and metrics (portal.rights)."""

from portal.models import Role
from portal.rights import Opening, OpenTo, Right

RIGHTS = (
    Right("See metrics", Role.READ, "GET logs:metrics gateway-api:metrics gateway-api:measured"),
    Right("Read, follow and export the log of requests", Role.WRITE,
          "GET logs:index logs:export logs:audit-events logs:trace gateway-api:logs gateway-api:log"
          " gateway-api:log-export gateway-api:audit-events gateway-api:audit-keeping"),
    Right("Say whether audit events are kept in the deployment", Role.ADMIN,
          "POST logs:keep-events PUT gateway-api:audit-keeping"),
)  # fmt: skip

OPENINGS = (
    Opening("The FHIR endpoint: an API key or an access token (tests/gateway)", OpenTo.OWN_DOOR,
            "GET gateway:fhir POST gateway:fhir PUT gateway:fhir PATCH gateway:fhir DELETE gateway:fhir"),
    Opening("Counts for the operator's Prometheus: METRICS_TOKEN", OpenTo.OWN_DOOR, "GET gateway:operator-metrics"),
)  # fmt: skip
