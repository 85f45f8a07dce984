"""The audit trail, the history of any record, and the accounts."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from oversight import scheduler
from oversight.account_forms import AccountForm, MailsForm, NewAccountForm
from oversight.accounts import accounts_with_sites
from oversight.audit_forms import AuditSearchForm
from oversight.changes import model_name, with_changes
from oversight.downloads import download
from oversight.forms import attempt
from oversight.permissions import READ_AUDIT, READ_HISTORY
from oversight.selectors import as_csv, record_entries, search_entries
from trial_site.http import StaffRequest

ENTRIES_A_PAGE = 50


@require_GET
def audit(request: StaffRequest) -> HttpResponse:
    """Search the audit trail; the address keeps the search."""
    form = AuditSearchForm(request.GET or None)
    entries = search_entries(request.user, **form.criteria())
    page = Paginator(entries, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page_obj": page,
        "entries": with_changes(page.object_list),
        "can_open_history": READ_HISTORY.allows(request.user),
    }
    return render(request, "oversight/audit.html", context)


@require_GET
def audit_download(request: StaffRequest) -> StreamingHttpResponse:
    """What the search finds, as CSV, with the event of this download itself among it."""
    form = AuditSearchForm(request.GET or None)
    criteria = form.criteria()
    entries = search_entries(request.user, **criteria)
    return download(as_csv(entries), name="audit.csv", by=request.user, search=criteria)


@require_GET
def tasks(request: StaffRequest) -> HttpResponse:
    """How each scheduled task stands, and its last runs; the address keeps which."""
    task = request.GET.get("task", "")
    page = Paginator(scheduler.history(task), ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    lines = scheduler.lines()
    titles = {line.task: line.title for line in lines}
    context = {
        "lines": lines,
        "page_obj": page,
        "runs": [(run, titles.get(run.task, run.task)) for run in page],
        "chosen": titles.get(task, task),
        "broker_answers": scheduler.broker_answers(),
        "last_heard": scheduler.last_heard(),
    }
    return render(request, "oversight/tasks.html", context)


@require_GET
def history(request: StaffRequest, model: str, pk: int) -> HttpResponse:
    """Every version of one record: old → new, who, when, why."""
    entries = list(record_entries(request.user, model, pk))
    if not entries:
        raise Http404
    context = {
        "entries": with_changes(entries),
        "record": entries[0],
        "kind": model_name(model),
        "can_open_audit": READ_AUDIT.allows(request.user),
    }
    return render(request, "oversight/history.html", context)


@require_GET
def accounts(request: StaffRequest) -> HttpResponse:
    return render(request, "oversight/accounts.html", {"accounts": accounts_with_sites()})


@require_http_methods(["GET", "POST"])
def mails(request: StaffRequest) -> HttpResponse:
    """The language of one's own mails, and whether there is a digest."""
    form = MailsForm(request.POST or None, account=request.user)
    if request.method == "POST" and form.is_valid():
        form.choose()
        messages.success(request, _("Your choice is saved"))
        return redirect("oversight:mails")
    return render(request, "oversight/mails.html", {"form": form})


@require_http_methods(["GET", "POST"])
def account_new(request: StaffRequest) -> HttpResponse:
    form = NewAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = attempt(form, lambda: form.create(request.user))
        if outcome:
            messages.success(request, _("The account is ready"))
            return redirect("oversight:accounts")
    return render(request, "oversight/account_form.html", {"form": form, "account": None})


@require_http_methods(["GET", "POST"])
def account_edit(request: StaffRequest, username: str) -> HttpResponse:
    account = get_object_or_404(accounts_with_sites(), username=username)
    form = AccountForm(request.POST or None, account=account)
    if request.method == "POST" and form.is_valid():
        outcome = attempt(form, lambda: form.change(request.user))
        if outcome:
            messages.success(request, _("The account is changed"))
            return redirect("oversight:accounts")
    return render(request, "oversight/account_form.html", {"form": form, "account": account})
