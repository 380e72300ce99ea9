from datetime import timedelta

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeploymentsConfig(AppConfig):
    name = "deployments"

    def ready(self) -> None:
        from deployments import (
            aspects,
            bulk_export,
            data_jobs,
            deletion_warnings,
            departed,
            expiry,
            guide_jobs,
            job_sweeper,
            provisioning,
            quota,
            regions,
            transfers,
            usage,
            usage_days,
        )
        from deployments.comparison import register_aspect
        from deployments.form_pages import FORM_PAGES
        from deployments.operator import regions_section, states_section
        from deployments.periodic import Periodic, register_periodic
        from deployments.rights import OPENINGS, RIGHTS
        from deployments.selectors import tenant_of_deployment
        from fhirserver.outcomes import StoreLost
        from portal.form_pages import register_form_pages
        from portal.models import Role
        from portal.navigation import Entry, Tab, register_entry, register_owner, register_tab
        from portal.operator import register_section
        from portal.outages import register_outage
        from portal.rights import register_openings, register_rights
        from portal.signals import tenant_deleted
        from portal.usage import register_usage

        register_rights(*RIGHTS)
        register_openings(*OPENINGS)
        register_form_pages(FORM_PAGES)
        register_outage(StoreLost)

        register_entry(
            Entry(
                "deployments", "Deployments", "deployments:list", "server", order=20, prefix="/deployments/"
            )
        )
        register_owner("deployment_id", tenant_of_deployment)
        register_section(regions_section)
        register_section(states_section)
        register_tab(Tab("overview", "Overview", "deployments:overview", Role.READ, order=10))
        register_tab(Tab("data", "Data", "deployments:data", Role.READ, order=50))
        register_tab(Tab("guides", "Guides", "deployments:guides", Role.READ, order=55))
        register_tab(Tab("settings", "Settings", "deployments:settings", Role.ADMIN, order=90))
        register_aspect(aspects.SETTINGS)
        register_aspect(aspects.CAPABILITIES)
        provisioning.register()
        data_jobs.register()
        bulk_export.register()
        guide_jobs.register()

        register_periodic(Periodic("sweep-jobs", timedelta(seconds=2), job_sweeper.sweep))
        register_periodic(Periodic("expire-trials", timedelta(minutes=1), expiry.expire))
        register_periodic(
            Periodic("warn-of-deletions", timedelta(hours=1), deletion_warnings.warn_of_deletions)
        )
        tenant_deleted.connect(departed.stop_all, dispatch_uid="deployments.stop_all")
        register_periodic(Periodic("settle-departed-tenants", timedelta(minutes=1), departed.settle))
        register_periodic(Periodic("meter-usage", timedelta(minutes=5), usage.meter))
        register_periodic(Periodic("warn-of-full-deployments", timedelta(hours=1), quota.warn_of_full))
        register_periodic(Periodic("measure-storage", timedelta(hours=1), usage_days.measure_storage))
        register_usage(usage.lines_of)
        register_usage(usage_days.lines_of)
        register_periodic(Periodic("forget-old-files", timedelta(hours=1), transfers.forget_old))
        register_periodic(Periodic("forget-old-jobs", timedelta(hours=1), job_sweeper.forget_old_jobs))
        post_migrate.connect(regions.synchronise_regions, sender=self)
