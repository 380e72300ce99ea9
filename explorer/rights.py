"""What each role may do in API Development (portal.rights)."""

from portal.models import Role
from portal.rights import Right

RIGHTS = (
    Right("Explore the API with an own key or token, whose rights decide", Role.READ,
          "GET explorer:index explorer:resource explorer:codes explorer:datatype explorer:elements explorer:find"
          " explorer:edit explorer:versions explorer:tour explorer:history explorer:replay"
          " POST explorer:index explorer:resource explorer:authorize explorer:use explorer:forget explorer:paste"
          " explorer:editor-problems explorer:editor-complete explorer:clear-history"),
    Right("Keep own requests, and compose Bundles of them", Role.READ,
          "GET explorer:composer explorer:saved explorer:open-saved"
          " POST explorer:collect explorer:arrange explorer:compose explorer:save explorer:delete-saved"),
    Right("Download what an answer held, and the API as OpenAPI and Postman collection", Role.READ,
          "GET explorer:download explorer:download-system explorer:openapi explorer:postman"),
)  # fmt: skip
