"""What granian runs in each web process of `manage.py run`: the application, in a process that is set up for it."""

from django.conf import settings

from config.own_cpu import keep_to_own_cpu
from config.wsgi import application

__all__ = ["application"]

if settings.WEB_OWN_CPU:
    keep_to_own_cpu(settings.WEB_WORKERS, settings.HOME)
