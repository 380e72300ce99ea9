"""What every mail needs; and mail in development: shown on the console and kept as one file a mail, the newest last in the listing."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.console import EmailBackend as ConsoleBackend


def subject_of(text: str) -> str:
    """As a mail's header can hold it: names that people give may have line breaks, with which no mail can be sent."""
    return " ".join(text.split())


class DevelopmentMailBackend(ConsoleBackend):
    """Console, and EMAIL_FILE_PATH/<time>-<recipient>.txt (mode 0600: the mails hold sign-in codes)."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        directory = Path(settings.EMAIL_FILE_PATH)
        directory.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
            recipient = re.sub(r"[^A-Za-z0-9@._-]", "_", ",".join(message.to))[:80]
            path = directory / f"{moment}-{recipient}.txt"
            path.touch(mode=0o600)
            path.write_text(
                f"From: {message.from_email}\nTo: {', '.join(message.to)}\nSubject: {message.subject}\n\n"
                f"{message.body}\n"
            )
        return super().send_messages(email_messages) or 0
