"""What each role may do with OAuth 2.0: servers, applications, people (portal.rights)."""

from portal.models import Role
from portal.rights import Opening, OpenTo, Right

RIGHTS = (
    Right("See applications, authentication servers and the people who may sign in", Role.READ,
          "GET oauth:index oauth:application oauth:users smart-api:applications smart-api:application"
          " smart-api:users smart-api:user smart-api:servers smart-api:server"),
    Right("Try an application, and launch it as an EHR would", Role.WRITE,
          "GET oauth:launch oauth:try-callback POST oauth:launch oauth:try"),
    Right("Register and change applications, rotate their secrets, switch them off", Role.ADMIN,
          "GET oauth:application-new oauth:application-change oauth:application-delete"
          " POST oauth:application-new oauth:application-change oauth:application-rotate oauth:application-switch"
          " oauth:application-delete oauth:secret-end smart-api:applications smart-api:rotate"
          " PUT smart-api:application PATCH smart-api:application DELETE smart-api:application"
          " smart-api:secret"),
    Right("Configure authentication servers and their keys", Role.ADMIN,
          "GET oauth:settings oauth:server-new oauth:server oauth:server-delete"
          " POST oauth:settings oauth:server-new oauth:server oauth:server-switch oauth:server-delete oauth:rotate-key"
          " smart-api:servers smart-api:server-check smart-api:server-token-test smart-api:signing-key"
          " PUT smart-api:server PATCH smart-api:server DELETE smart-api:server"),
    Right("Make people of the authorization server, reset and disable them", Role.ADMIN,
          "GET oauth:user-new oauth:user POST oauth:user-new oauth:user oauth:user-reset oauth:user-switch"
          " smart-api:users smart-api:password-link PATCH smart-api:user"),
)  # fmt: skip

OPENINGS = (
    Opening("The authorization server's open documents (OpenID Connect Discovery)", OpenTo.EVERYONE,
            "GET smart:configuration smart:jwks"),
    Opening("OAuth 2.0 endpoints: a client, a code or a token is checked (tests/smart)", OpenTo.OWN_DOOR,
            "GET smart:authorize smart:userinfo smart:logout POST smart:authorize smart:token smart:device-authorization"
            " smart:introspect smart:revoke smart:userinfo smart:register smart:logout"),
    Opening("Pages of a patient or clinician, who signs in at the deployment itself (tests/smart)", OpenTo.OWN_DOOR,
            "GET smart:device smart:interaction smart:sign-in smart:patient smart:encounter smart:consent smart:apps"
            " smart:set-password POST smart:device smart:sign-in smart:patient smart:encounter smart:consent"
            " smart:apps smart:disconnect smart:sign-out smart:set-password smart:interaction"),
)  # fmt: skip
