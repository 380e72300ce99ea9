"""What each role may do in API Development (portal.rights)."""

from portal.models import Role
from portal.rights import Opening, OpenTo, Right

RIGHTS = (
    Right("Explore the API with an own key or token, whose rights decide", Role.READ,
          "GET explorer:index explorer:resource explorer:codes explorer:datatype explorer:elements explorer:find"
          " explorer:edit explorer:versions explorer:tour explorer:history explorer:replay"
          " POST explorer:index explorer:resource explorer:authorize explorer:use explorer:forget explorer:paste"
          " explorer:editor-problems explorer:editor-complete explorer:clear-history"),
    Right("Browse the stored records and their versions; each look is in the log", Role.WRITE,
          "GET records:type records:record"),
    Right("Keep own requests, and compose Bundles of them", Role.READ,
          "GET explorer:composer explorer:saved explorer:open-saved"
          " POST explorer:collect explorer:arrange explorer:compose explorer:save explorer:delete-saved"),
    Right("Download what an answer held, and the API as OpenAPI and Postman collection", Role.READ,
          "GET explorer:download explorer:download-system explorer:openapi explorer:postman"),
)  # fmt: skip

OPENINGS = (
    Opening("The way to the explorer of a deployment of one's own", OpenTo.SIGNED_IN, "GET explore"),
    Opening("The servers that a person opened, and the way back from the sign-in of one", OpenTo.SIGNED_IN,
            "GET servers:list servers:callback POST servers:list"),
    Opening("A server that a person opened by its address: nobody else sees it, but the tenant that it is shared with",
            OpenTo.WHOSE_IT_IS,
            "GET servers:index servers:history servers:replay servers:composer servers:saved servers:open-saved"
            " servers:find servers:codes servers:datatype servers:elements servers:download-system"
            " servers:resource servers:edit servers:versions servers:download servers:openapi servers:postman"
            " POST servers:forget servers:share servers:authorize servers:use servers:forget-credential servers:sign-in"
            " servers:index servers:paste servers:clear-history servers:collect"
            " servers:arrange servers:compose servers:save servers:delete-saved servers:editor-problems"
            " servers:editor-complete servers:resource"),
)  # fmt: skip
