"""What each role may do with API keys (portal.rights)."""

from portal.models import Role
from portal.rights import Right

RIGHTS = (
    Right("See API keys with their holders, rights and last use, never their text", Role.READ,
          "GET credentials:index credentials-api:api-keys credentials-api:api-key"),
    Right("Issue API keys", Role.ADMIN, "GET credentials:new POST credentials:new credentials-api:api-keys"),
    Right("Compare granted with used rights, narrow and limit keys, bind them to networks", Role.ADMIN,
          "GET credentials:key credentials-api:use PATCH credentials-api:api-key"
          " POST credentials:key credentials:end credentials:limit credentials:networks credentials:narrow-to-use"),
    Right("Rotate and revoke keys", Role.ADMIN,
          "GET credentials:revoke credentials:revoke-many"
          " POST credentials:revoke credentials:revoke-many credentials:rotate credentials:end-old"
          " credentials-api:revoke-many credentials-api:rotate credentials-api:end-old-secrets"
          " DELETE credentials-api:api-key"),
)  # fmt: skip
