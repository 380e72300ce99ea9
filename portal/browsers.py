"""A browser by the names that people know, from what it says of itself (the header User-Agent).

Browsers name their ancestors and their rivals too, so the first that fits of each table is meant.
"""

UNKNOWN = "An unknown browser"
_PRODUCTS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python-", "Python"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """As “Firefox on Windows”; the product alone where it tells no system."""
    product = _first(_PRODUCTS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if not product:
        return f"{UNKNOWN} on {system}" if system else UNKNOWN
    return f"{product} on {system}" if system else product


def _first(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    said = user_agent.casefold()
    return next((name for mark, name in table if mark.casefold() in said), "")
