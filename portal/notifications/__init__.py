"""Tells a tenant what happens, by mail to its administrators and by signed webhooks.

    from portal.notifications import NoticeKind, notify

    notify(
        NoticeKind.KEY_EXPIRING, tenant, "The key “Lab” expires in 7 days", "Rotate it on …",
        facts={"deployment": deployment.pk, "key": key.prefix, "expires": key.expires.isoformat()},
        once=f"key-{key.pk}-7",
    )

Call it inside the transaction of what happened; the messages leave when that commits, in the worker.
"""

from portal.notifications.events import notify
from portal.notifications.kinds import NoticeKind

__all__ = ["NoticeKind", "notify"]
