"""Tests: throw-away databases; PostgreSQL beside SQLite when it is there (see tests/conftest.py)."""

import atexit
import os
import shutil
import socket
import tempfile
from urllib.parse import urlsplit

if "FIRESIDE_HOME_FOR_TESTS" not in os.environ:
    os.environ["FIRESIDE_HOME_FOR_TESTS"] = tempfile.mkdtemp(prefix="fireside-test-")
    atexit.register(shutil.rmtree, os.environ["FIRESIDE_HOME_FOR_TESTS"], ignore_errors=True)
# The catalogue is built once for the checkout; everything else of a test run is thrown away.
_checkout_home = os.environ.get("FIRESIDE_HOME", "var")
os.environ["FIRESIDE_HOME"] = os.environ["FIRESIDE_HOME_FOR_TESTS"]

from config.env import BASE_DIR, generated_secrets  # noqa: E402
from config.settings.base import *  # noqa: E402, F403
from config.settings.base import DATABASES, FIRESIDE_REGIONS, HOME, database  # noqa: E402

os.environ["FIRESIDE_HOME"] = _checkout_home
CATALOGUE_DIR = BASE_DIR / _checkout_home / "catalogue"


def reachable(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432), timeout=1).close()
    except OSError:
        return False
    return True


TEST_POSTGRES_URL = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
POSTGRES_AVAILABLE = reachable(TEST_POSTGRES_URL)
if POSTGRES_AVAILABLE:
    DATABASES["region_pg"] = database(TEST_POSTGRES_URL)
    DATABASES["region_pg"]["TEST"] = {"NAME": f"test_fireside_pg_{os.getpid()}", "DEPENDENCIES": []}
    FIRESIDE_REGIONS["pg"] = "region_pg"
for _alias, _settings in DATABASES.items():
    if _settings["ENGINE"].endswith("sqlite3"):
        _settings["TEST"] = {"NAME": str(HOME / f"test_{_alias}.sqlite3"), "DEPENDENCIES": []}
    # Nothing of the other apps is in a region's store: tests/conftest.py runs the engine's migrations there, and only those.
    _settings.setdefault("TEST", {})["MIGRATE"] = _alias == "default"

DEVELOPMENT = True
DEBUG = False
_secrets = generated_secrets(HOME / "secrets.json")
SECRET_KEY = _secrets["secret_key"]
FIELD_ENCRYPTION_KEYS = [_secrets["field_key"]]
ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS: list[str] = []
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_FILE_PATH = HOME / "mail"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Tests run inside transactions that another thread cannot see: they call `gateway.recorder.recorder.flush()`.
GATEWAY_RECORDER_THREAD = False
# Tests write and export in one thread: nothing is under way.
EXPORT_SETTLE_SECONDS = 0.0
