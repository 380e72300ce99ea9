from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root is an app so that its management commands (run, demo) are found."""

    name = "config"

    def ready(self) -> None:
        from datetime import timedelta

        from config import checks  # noqa: F401  registers them
        from config.installation import health_section
        from config.showcase import show_demo
        from deployments.full_text import read_words
        from deployments.periodic import Periodic, register_periodic
        from portal.api.idempotency import forget_answers
        from portal.notifications.events import forget_old, send_due
        from portal.operator import register_section
        from portal.payment import settle_last_month
        from portal.showcase import register_showcase
        from portal.trial_warnings import warn_trials

        register_periodic(Periodic("warn-of-ending-trials", timedelta(hours=1), warn_trials))
        register_periodic(Periodic("forget-kept-answers", timedelta(hours=1), forget_answers))
        register_periodic(Periodic("send-notifications", timedelta(seconds=5), send_due))
        register_periodic(Periodic("forget-notifications", timedelta(hours=1), forget_old))
        register_periodic(Periodic("settle-last-month", timedelta(hours=1), settle_last_month))
        register_periodic(Periodic("read-words", timedelta(seconds=30), read_words))
        register_showcase(show_demo, first=True)
        register_section(health_section)
