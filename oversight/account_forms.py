"""Making and changing accounts."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.utils.translation import gettext_lazy as _

from oversight.accounts import change_account, choose_mails, create_account
from oversight.forms import EntryForm
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role


class _Rights(EntryForm):
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, role.label) for role in Role if role in PEOPLE]
    )
    sites = forms.ModelMultipleChoiceField(
        label=_("Sites"),
        queryset=Site.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("The account sees the participants of these sites only"),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        help_text=_("Told when a report of a serious event runs out; the worklist says so too"),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        initial=settings.LANGUAGE_CODE,
        help_text=_("Of the mails to this person"),
    )


class NewAccountForm(_Rights):
    username = forms.CharField(
        label=_("User name"), max_length=150, help_text=_("Never used again for somebody else")
    )
    password = forms.CharField(
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html(),
    )
    field_order = ("username", "role", "sites", "email", "language", "password")

    def create(self, by: User) -> User:
        data = self.cleaned_data
        return create_account(
            username=data["username"],
            role=data["role"],
            sites=data["sites"],
            password=data["password"],
            email=data["email"],
            language=data["language"],
            by=by,
        )


class AccountForm(_Rights):
    active = forms.BooleanField(
        label=_("Active"),
        required=False,
        help_text=_("Deactivating ends the person's sessions at once"),
    )
    reason = forms.CharField(label=_("Why is the account changed?"), max_length=500)
    field_order = ("role", "sites", "email", "language", "active", "reason")

    def __init__(self, *args: Any, account: User, **kwargs: Any) -> None:
        self.account = account
        initial = {
            "role": account.role, "sites": account.sites.all(), "active": account.is_active,
            "email": account.email, "language": account.language,
        }  # fmt: skip
        super().__init__(*args, initial=initial, **kwargs)

    def change(self, by: User) -> User:
        data = self.cleaned_data
        return change_account(
            self.account,
            role=data["role"],
            sites=data["sites"],
            active=data["active"],
            reason=data["reason"],
            email=data["email"],
            language=data["language"],
            by=by,
        )


class MailsForm(EntryForm):
    """What each person decides alone."""

    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Choosing the language of the pages changes it too"),
    )
    wants_digest = forms.BooleanField(
        label=_("Daily digest by e-mail"),
        required=False,
        help_text=_("Each morning, what waits for you; nothing when nothing waits"),
    )

    def __init__(self, *args: Any, account: User, **kwargs: Any) -> None:
        self.account = account
        initial = {"language": account.language, "wants_digest": account.wants_digest}
        super().__init__(*args, initial=initial, **kwargs)

    def choose(self) -> User:
        data = self.cleaned_data
        return choose_mails(
            language=data["language"], wants_digest=data["wants_digest"], by=self.account
        )
