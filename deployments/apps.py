from datetime import timedelta

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeploymentsConfig(AppConfig):
    name = "deployments"

    def ready(self) -> None:
        from deployments import job_sweeper, regions
        from deployments.periodic import Periodic, register_periodic

        register_periodic(Periodic("sweep-jobs", timedelta(seconds=2), job_sweeper.sweep))
        register_periodic(Periodic("forget-old-jobs", timedelta(hours=1), job_sweeper.forget_old_jobs))
        post_migrate.connect(regions.synchronise_regions, sender=self)
