"""What the guide to errors says of each status and issue code that a FHIR endpoint answers with.

https://hl7.org/fhir/R4/valueset-issue-type.html
"""

from typing import NamedTuple


class ErrorWords(NamedTuple):
    status: int
    code: str
    means: str
    remedy: str


ERRORS = (
    ErrorWords(400, "invalid", "A parameter, header or body has no sense.", "Read the diagnostics: they name the parameter and what it takes."),
    ErrorWords(400, "structure", "What came is not HTTP, JSON or XML that can be read.", "Check the body's end, its encoding and its Content-Type."),
    ErrorWords(400, "not-supported", "A search parameter, modifier or feature that this server does not have.", "See the type's search parameters under API Development; /metadata says the same to programs."),
    ErrorWords(400, "too-costly", "Larger than a limit: values, chain steps, filter terms. The limit is named.", "Split the request."),
    ErrorWords(401, "login", "No credential came.", "Send x-api-key, or Authorization: Bearer."),
    ErrorWords(401, "security", "The credential is unknown, expired, revoked, of another deployment, or from the wrong network.", "Open the trace: it says which. Then make a new key or fetch a new token."),
    ErrorWords(403, "forbidden", "The credential is good and does not cover this.", "The diagnostics name what is missing: widen the key's access or ask for the scope."),
    ErrorWords(404, "not-found", "Nothing has this address or id, or the credential may not know of it.", "Check the id, and the deployment id in the URL."),
    ErrorWords(404, "not-supported", "There is no such operation at this address.", "The message names where it is offered, or what is offered here."),
    ErrorWords(405, "not-supported", "The address exists and does not take this method.", "Take one that the header Allow names."),
    ErrorWords(406, "not-supported", "Accept or _format asks for something other than JSON or XML.", "Ask for application/fhir+json or application/fhir+xml."),
    ErrorWords(409, "conflict", "Another write came first, or the resource belongs to an installed guide.", "Read it again, then repeat the change."),
    ErrorWords(410, "deleted", "It was deleted.", "Its history still holds the earlier versions: …/_history."),
    ErrorWords(411, "structure", "The content of a Binary came in pieces, and nobody could tell its end from a lost connection.", "Send Content-Length."),
    ErrorWords(412, "conflict", "If-Match names a version that is not the current one.", "Read the resource, make your change on it, send the new version."),
    ErrorWords(412, "not-found", "A conditional reference of a transaction (Patient?identifier=…) matches nothing.", "Create what it means first, or in the same transaction."),
    ErrorWords(412, "multiple-matches", "A conditional write found several resources.", "Make the condition narrower, for instance by an identifier."),
    ErrorWords(413, "too-long", "The body is too large.", "Split the Bundle, or upload NDJSON on the Data tab."),
    ErrorWords(415, "not-supported", "The Content-Type is none that this interaction reads.", "Send application/fhir+json; a JSON Patch as application/json-patch+json, a merge patch as application/merge-patch+json."),
    ErrorWords(422, "invalid", "The resource is not valid: every problem is listed with its path.", "Mend each; $validate says the same without storing."),
    ErrorWords(422, "business-rule", "Well formed, and against a rule, such as a reference to what does not exist in a transaction.", "The diagnostics name the rule."),
    ErrorWords(429, "throttled", "Over the requests, jobs or concurrency of the size or of the credential.", "Wait as long as Retry-After says; a larger size allows more."),
    ErrorWords(500, "exception", "Our fault.", "Tell whoever runs this installation the number in X-Request-Id."),
    ErrorWords(501, "not-supported", "The server behind this deployment cannot do it.", "A dry run needs the embedded server."),
    ErrorWords(502, "transient", "The connected server cannot be reached.", "Try again; then look at that server."),
    ErrorWords(502, "security", "The connected server refused the stored credential, or its address is not allowed.", "An administrator mends it in the deployment's Settings."),
    ErrorWords(503, "business-rule", "Stopped, because the trial of its tenant has ended.", "An administrator subscribes on Cloud Services and starts it again; nothing is gained by waiting."),
    ErrorWords(503, "timeout", "The search took longer than a statement may take.", "Make it narrower: a patient, a date, fewer values or a smaller _count."),
    ErrorWords(503, "transient", "Stopped, starting, or its database cannot be reached.", "Start it on its Overview, or wait as Retry-After says."),
    ErrorWords(507, "too-costly", "The size holds no more resources.", "Delete some, or take a larger size. Changes and deletions still work."),
)  # fmt: skip
