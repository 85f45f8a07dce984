"""One digest an account and day."""

from typing import ClassVar

from django.db import models

from trial_site.models import User


class Digest(models.Model):
    """Claimed before the mail is made, so that two runs never send two.  Operational, like a run.

    Neither sent nor failed: a worker died between.  Whether that mail left nobody can know, and it
    is not sent again.
    """

    account = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    claimed_at = models.DateTimeField()
    rows = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day"], name="digest_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.day}"
