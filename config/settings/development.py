"""One command, one machine: SQLite, a broker in files, mail on the console and in FIRESIDE_HOME/mail."""

from config.env import env, generated_secrets
from config.settings.base import *  # noqa: F403
from config.settings.base import HOME

DEVELOPMENT = True
DEBUG = env.bool("DEBUG", default=False)
_secrets = generated_secrets(HOME / "secrets.json")
SECRET_KEY = env("SECRET_KEY", default=_secrets["secret_key"])
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[_secrets["field_key"]])
ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
EMAIL_BACKEND = "portal.mail.DevelopmentMailBackend"
EMAIL_FILE_PATH = HOME / "mail"
