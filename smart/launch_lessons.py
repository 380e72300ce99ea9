"""What each fault of the launch simulator looks like to an application, and what a correct one does about it."""

from typing import NamedTuple

from smart.models import Fault


class Lesson(NamedTuple):
    fault: Fault
    sees: str
    does: str


LESSONS: dict[Fault, Lesson] = {
    one.fault: one
    for one in (
        Lesson(
            Fault.NONE,
            "A code with its own state; a token response with the context that was open; its data.",
            "Check the state, redeem the code once, and work with what scope names.",
        ),
        Lesson(
            Fault.EXPIRED_CODE,
            "The token endpoint answers 400 with error invalid_grant.",
            "Drop the code, say that signing in took too long, and start the authorization anew. Never send the code again.",
        ),
        Lesson(
            Fault.WRONG_AUDIENCE,
            "A token response as usual; then the FHIR endpoint answers 401 with error invalid_token.",
            "Stop using the token, do not repeat the request with it, and start the authorization anew with aud set to iss.",
        ),
        Lesson(
            Fault.DENIED_SCOPE,
            "scope in the token response lacks the first data scope; a request for that data is answered 403 with"
            " error insufficient_scope and the scope that is missing.",
            "Read scope instead of assuming it, go on with the rest, and say what cannot be shown.",
        ),
        Lesson(
            Fault.EXPIRED_TOKEN,
            "A token response as usual, whatever expires_in says; then the FHIR endpoint answers 401 with error invalid_token.",
            "Use the refresh token once, which gives a good token here, and repeat the request; without one, start anew.",
        ),
        Lesson(
            Fault.BAD_STATE,
            "The redirect URI is called with a state that is not its own.",
            "Throw the answer away without redeeming the code: somebody else may have made it. Show an error.",
        ),
    )
}
