"""What the portal tells the apps above, which it does not know."""

from django.dispatch import Signal

# Sent with `tenant` when its owner deleted it, inside the transaction.
tenant_deleted = Signal()
