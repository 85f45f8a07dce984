"""Actions on accounts and sites: each leaves rows that say who could do what, and since when."""

from collections.abc import Iterable

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from oversight.permissions import MANAGE_ACCOUNTS
from oversight.recording import ReasonRequired, event, recorded
from oversight.records import note_version
from trial_site.models import Site, User
from trial_site.roles import Role

SYSTEM_USERNAME = "scheduler"
_OWN_CHOICE = "Chosen by its owner"


def system_actor() -> User:
    """The account that scheduled tasks and commands act as.  It has no password and no login."""
    found = User.objects.filter(username=SYSTEM_USERNAME).first()
    return found if found is not None else _first_account()


def _first_account() -> User:
    """The first account of all cannot have been made by another: it is recorded as its own."""
    user = User(username=SYSTEM_USERNAME, role=Role.SYSTEM)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            User.objects.bulk_create([user])
            with recorded(by=user) as recording:
                note_version(user, created=True, recording=recording)
    except IntegrityError:  # another process was first
        return User.objects.get(username=SYSTEM_USERNAME)
    return user


def create_site(*, code: str, name: str, by: User) -> Site:
    """Open a site.  ``by`` is an administrator or the system.  Raises ``ValidationError``."""
    _check_manager(by)
    with recorded(by=by):
        site = Site(code=code, name=name)
        site.full_clean()
        site.save()
        return site


def create_account(
    *,
    username: str,
    role: str,
    sites: Iterable[Site],
    password: str,
    by: User,
    email: str = "",
    language: str = settings.LANGUAGE_CODE,
) -> User:
    """Create an account with one role; mails go to ``email``, in ``language``.

    Raises ``ValidationError`` (name taken, weak password).
    """
    _check_manager(by)
    with recorded(by=by):
        user = User(username=username, role=role, email=email, language=language)
        validate_password(password, user)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save()
        _grant_sites(user, list(sites))
        return user


def change_account(
    user: User,
    *,
    role: str,
    sites: Iterable[Site],
    active: bool,
    reason: str,
    by: User,
    email: str | None = None,
    language: str | None = None,
) -> User:
    """Change role, sites, activity or, unless None, the address or language of ``user``.
    Deactivation ends live sessions at once (R19).

    Raises ``ReasonRequired`` without a reason, ``ValidationError`` where an administrator would
    lock themselves out.
    """
    _check_manager(by)
    if not reason.strip():
        raise ReasonRequired(user)
    if user.pk == by.pk and (not active or role != user.role):
        raise ValidationError(_("Another administrator must change your own role"))
    with recorded(by=by, reason=reason):
        user = User.objects.select_for_update().get(pk=user.pk)
        user.role, user.is_active = role, active
        user.email = user.email if email is None else email
        user.language = user.language if language is None else language
        user.full_clean(exclude=["password"])
        user.save()
        _grant_sites(user, list(sites))
        return user


def choose_mails(*, language: str, wants_digest: bool, by: User) -> User:
    """Change the language of one's own mails, and whether a digest comes; nothing if they stand.

    Raises ``ValidationError`` for a language that there is not.
    """
    with recorded(by=by, reason=_OWN_CHOICE):
        user = User.objects.select_for_update().get(pk=by.pk)
        if (user.language, user.wants_digest) != (language, wants_digest):
            user.language, user.wants_digest = language, wants_digest
            user.full_clean(exclude=["password"])
            user.save()
        return user


def choose_language(user: User, language: str) -> None:
    """Remember the language that somebody reads the pages in: their mails follow."""
    if language != user.language:
        choose_mails(language=language, wants_digest=user.wants_digest, by=user)


def _check_manager(by: User) -> None:
    if by.role != Role.SYSTEM:
        MANAGE_ACCOUNTS.check(by)


def _grant_sites(user: User, sites: list[Site]) -> None:
    before = _codes(user.sites.all())
    user.sites.set(sites)
    after = _codes(user.sites.all())
    if before != after:
        event("sites_changed", account=user.username, sites=[before, after])


def _codes(sites: QuerySet[Site]) -> list[str]:
    return list(sites.order_by("code").values_list("code", flat=True))


def accounts_with_sites() -> QuerySet[User]:
    """Every person's account with its sites, for the administrator's pages."""
    return User.objects.exclude(role=Role.SYSTEM).prefetch_related("sites")
