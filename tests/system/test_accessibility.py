import time
import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.system.trial_in_progress import trial_in_progress
from trial_site.roles import Role
from django.urls import reverse

pytestmark = pytest.mark.browser

def pages(t):
    slot = {"order": t.il2.pk, "slot": t.il2.starts_at}
    import datetime as dt
    at = t.il2.starts_at + dt.timedelta(days=7)
    give, record = (reverse(f"dosing:{n}", args=[t.il2.pk, at]) for n in ("give","record"))
    return {
    Role.COORDINATOR: ["/", "/screening/", "/screening/new/", f"/screening/{t.failed.number}/", f"/screening/{t.draft.number}/edit/", f"/screening/{t.eligible.number}/edit/",
      f"/screening/{t.draft.number}/consent/", "/participants/", f"/participants/{t.treated.subject}/", f"/participants/{t.enrolled.subject}/allocate/", f"/participants/{t.treated.subject}/allocate/",
      f"/participants/{t.treated.subject}/visits/", f"/participants/{t.treated.subject}/visits/D7/", f"/participants/{t.treated.subject}/disposition/", "/allocation/", "/follow-up/",
      f"/history/labs.result/{t.result.pk}/", "/labs/pcr/new/", "/nowhere/"],
    Role.NURSE: ["/", "/dosing/", "/dosing/?date=2026-03-17", give, record, f"/dosing/administrations/{t.dose.pk}/correct/", "/participants/"],
    Role.INVESTIGATOR: ["/", f"/screening/{t.eligible.number}/", f"/dosing/orders/{t.allocated.subject}/ganciclovir/new/", f"/dosing/orders/{t.treated.subject}/il2/new/", f"/dosing/orders/{t.followed.subject}/ganciclovir/new/", f"/dosing/withdraw/{t.treated.subject}/",
       "/outcomes/", "/outcomes/nk/", "/outcomes/ganciclovir/", "/outcomes/conversion/", f"/participants/{t.followed.subject}/", "/audit/", "/protocol/"],
    Role.LAB: ["/", "/labs/", "/labs/pcr/new/", "/labs/cytotoxicity/new/", "/labs/safety/new/", f"/labs/results/{t.result.pk}/", f"/labs/results/{t.result.pk}/correct/", f"/labs/cytotoxicity/{t.assay.pk}/", "/follow-up/", "/participants/"],
    Role.ADMIN: ["/", "/accounts/", "/accounts/new/", "/accounts/edit/nurse-pku/", "/accounts/2fa/", "/accounts/password/change/", "/audit/", "/accounts/2fa/totp/activate/"],
    Role.STATISTICIAN: ["/", "/allocation/"], Role.MONITOR: ["/"], Role.DATA_MANAGER: ["/"],
    }

def test_all(sign_in, morning, site):
    a=time.perf_counter()
    trial = trial_in_progress(site, morning)
    print("state", time.perf_counter()-a)
    found=[]
    for role, paths in pages(trial).items():
        page = sign_in(role)
        for path in paths:
            page.set_viewport_size({"width":1440,"height":900})
            a=time.perf_counter()
            page.goto(path)
            b=time.perf_counter()
            r1=Axe().run(page)
            c=time.perf_counter()
            page.set_viewport_size({"width":360,"height":800})
            r2=Axe().run(page)
            d=time.perf_counter()
            w = page.evaluate("document.documentElement.scrollWidth")
            print(f"{role} {path} load {b-a:.2f} axe {c-b:.2f} {d-c:.2f}", page.locator("h1").first.inner_text() if page.locator("h1").count() else "NO H1", page.url if not page.url.endswith(path) else "")
            for n, r in ((1440,r1),(360,r2)):
                for v in r.response["violations"]:
                    print("   ###", n, v["id"], v["help"], [x["html"][:160] for x in v["nodes"]][:3])
            if w>360: print("   ### WIDE", w)
    assert 0
