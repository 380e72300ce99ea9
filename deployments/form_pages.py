"""Where the forms are whose addresses do not lie below their page."""

from portal.form_pages import FormPage

_PLACES = {
    "service_level": "level",
    "size": "size",
    "upstream_credential": "upstream",
    "access": "access",
    "limits": "limits",
    "delete": "delete",
}
FORM_PAGES = {
    f"deployments:{name}": FormPage("deployments:settings", ("deployment_id",), place)
    for name, place in _PLACES.items()
}
