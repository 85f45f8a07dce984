"""The request as views see it: the access table lets nobody in who is not one of the staff."""

from django.http import HttpRequest

from trial_site.models import User


class StaffRequest(HttpRequest):
    """A request of somebody who is logged in.  For annotations; Django makes plain requests."""

    user: User
