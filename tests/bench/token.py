"""`python -m tests.bench.token DEPLOYMENT`: register a backend service that may do everything, and print an access token of it.

Runs with the settings and the FIRESIDE_HOME of the product that is measured.
"""

import sys

import django

django.setup()

from joserfc.jwk import RSAKey  # noqa: E402

from credentials.models import ApplicationKind  # noqa: E402
from deployments.selectors import get_deployment  # noqa: E402
from smart.applications import Registration, create_application  # noqa: E402
from smart.servers import integrated_server  # noqa: E402
from smart.trial import run_backend  # noqa: E402

SCOPE = "system/*.cruds"


def main() -> None:
    deployment = get_deployment(sys.argv[1])
    if deployment is None:
        raise SystemExit("There is no such deployment.")
    key = RSAKey.generate_key(2048, parameters={"kid": "bench"})
    asked = Registration(
        "Bench",
        ApplicationKind.BACKEND,
        jwks={"keys": [key.as_dict(private=False)]},
        allowed_scopes=SCOPE,
    )
    application, _ = create_application(integrated_server(deployment), asked, by=None)
    print(run_backend(application, SCOPE)["access_token"])


if __name__ == "__main__":
    main()
