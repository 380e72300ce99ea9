"""What can be told. A new kind needs its line here; the pages and the webhooks' choices follow."""

from django.db.models import TextChoices


class NoticeKind(TextChoices):
    """The value is the webhook's `type`, the label what people read."""

    KEY_EXPIRING = "key.expiring", "A key expires soon"
    TRIAL_ENDING = "trial.ending", "A trial ends soon, has ended, or its data is deleted soon"
    DEPLOYMENT_FAILED = "deployment.failed", "A deployment failed"
    QUOTA_REACHED = "quota.reached", "A deployment has used 80 percent of its room"
    TEST = "test", "A test from the settings page"


# What a webhook may be limited to; a test always arrives.
SUBSCRIBABLE = tuple(kind for kind in NoticeKind if kind is not NoticeKind.TEST)
