"""Which patients a stretch of the log names: by these the lines of one patient are found."""

from django.db import models

from deployments.models import Deployment


class PatientBlock(models.Model):
    """Some hundred lines of one deployment that one process wrote one after the other (gateway.patient_blocks, docs/adr/0023).

    Of those that name a patient: `oldest` and `newest` are the times of the first and last, `marks` the patients' marks and `moments` the times in
    microseconds, 8 bytes each, in the same order. `id` is random.
    """

    id = models.BigIntegerField(primary_key=True)
    deployment = models.ForeignKey(
        Deployment, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    oldest = models.DateTimeField()
    newest = models.DateTimeField()
    marks = models.BinaryField()
    moments = models.BinaryField(db_default=b"")

    class Meta:
        indexes = [models.Index(fields=["deployment", "-newest"], name="blocks_of_deployment")]

    def __str__(self) -> str:
        return f"{self.deployment_id} from {self.oldest} to {self.newest}"
