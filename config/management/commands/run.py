"""`manage.py run`: the whole product on this machine, until Ctrl-C."""

import gc
import time
from contextlib import suppress
from typing import Any

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from config import supervisor
from config.demo import Demo, ensure_demo, publish_demo
from config.env import env
from config.supervisor import Child, RunEnded, StopRequested
from deployments import job_sweeper
from deployments.models import Deployment, State
from deployments.regions import synchronise_regions

WEB_SECONDS = 150  # a process that ends is noticed at once: this is for a machine with much else to do
PROVISION_SECONDS = 170


class Command(BaseCommand):
    help = "Start Fireside: migrate, web server, worker and, with the development settings, a demo tenant."

    def handle(self, *args: Any, **options: Any) -> None:
        how = supervisor.Settings(
            host=env("HOST", default="127.0.0.1"),
            port=env.int("PORT", default=8000),
            web_workers=settings.WEB_WORKERS,
            web_threads=settings.WEB_THREADS,
            worker_threads=env.int("WORKER_THREADS", default=2),
        )
        try:
            with supervisor.stop_on_signals(), supervisor.only_run(settings.HOME):
                self._run_until_stopped(how)
        except StopRequested:
            self.stdout.write("Stopped.")
        except RunEnded as ended:
            raise CommandError(str(ended)) from ended
        finally:
            # The end of the interpreter need not collect garbage from all that was loaded: that takes half a second of work.
            gc.freeze()

    def _run(self, how: supervisor.Settings) -> None:
        supervisor.refuse_taken_port(how.host, how.port)
        call_command("build_catalogue", stdout=self.stdout)
        self._migrate()
        if not settings.BROKER_URL:
            # No other worker can be at work on this home: what a killed run left need not wait for its lease.
            job_sweeper.free_all()
        demo = ensure_demo() if settings.DEVELOPMENT else None
        connections.close_all()
        with supervisor.children(how) as children:
            self._wait_for_web(how, children)
            if demo:
                self._wait_for_demo(demo, children)
                publish_demo()
            self._say_ready(demo)
            self._keep_running(children)

    def _keep_running(self, children: list[Child]) -> None:
        worker = children[-1]
        while True:
            for child in children:
                if ended := child.end():
                    self._say(f"{ended} It is started again.")
                    child.start_again()
                    if child is worker and not settings.BROKER_URL:
                        self._free_its_jobs()
            time.sleep(0.5)

    def _free_its_jobs(self) -> None:
        """There was no other worker on this home: what it left behind need not wait until its lease ends."""
        with suppress(DatabaseError):
            job_sweeper.free_all()
        connections.close_all()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _run_until_stopped(self, how: supervisor.Settings) -> None:
        try:
            self._run(how)
        except StopRequested:
            # No other worker can be at work on this home. Where the database is away too, the jobs' leases end by themselves.
            if not settings.BROKER_URL:
                with suppress(DatabaseError):
                    job_sweeper.hand_back()
            raise

    def _migrate(self) -> None:
        """Bring every database up to date; a start that finds nothing to do costs no more than the look."""
        self._say("Preparing the databases")
        for alias in connections:
            executor = MigrationExecutor(connections[alias])
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", database=alias, verbosity=0, interactive=False)
        # FIRESIDE_REGIONS may have changed without a migration.
        synchronise_regions()

    def _wait_for_web(self, how: supervisor.Settings, children: list[Child]) -> None:
        self._say(f"Starting web server and worker on port {how.port}")
        address = f"http://{'127.0.0.1' if how.host == '0.0.0.0' else how.host}:{how.port}/readyz"  # noqa: S104

        def answers() -> bool:
            try:
                return httpx.get(address, timeout=2).status_code == httpx.codes.OK
            except httpx.HTTPError:
                return False

        supervisor.wait_for(answers, children, WEB_SECONDS, "The web server")

    def _wait_for_demo(self, demo: Demo, children: list[Child]) -> None:
        """Show each step of the demo deployment's creation until it has ended, well or badly."""
        said: list[str] = []

        def settled() -> bool:
            deployment = Deployment.objects.get(pk=demo.deployment)
            if deployment.state == State.CREATING:
                self._show_progress(deployment, said)
            return deployment.state != State.CREATING

        supervisor.wait_for(settled, children, PROVISION_SECONDS, "The demo deployment", pause=0.3)

    def _show_progress(self, deployment: Deployment, said: list[str]) -> None:
        """One line a step and change of its detail."""
        job = deployment.jobs.first()
        for step in job.steps if job else []:
            line = f"  {step['title']}: {step['detail']}"
            if step["detail"] and line not in said:
                said.append(line)
                self._say(line)

    def _say_ready(self, demo: Demo | None) -> None:
        self._say(f"\nFireside is running at {settings.PUBLIC_URL} (Ctrl-C stops it)")
        if demo is None:
            return
        deployment = Deployment.objects.get(pk=demo.deployment)
        if deployment.state != State.RUNNING:
            self._say(f"  The demo deployment is {deployment.state}. {deployment.state_reason}")
        self._say(f"  sign in with  {demo.email}\n  password      {demo.password}")
        self._say(f"  FHIR base     {demo.fhir_base}\n  API key       {demo.api_key}")
        self._say(f"\n  curl -H 'x-api-key: {demo.api_key}' '{demo.fhir_base}/Patient?_count=5'\n")
