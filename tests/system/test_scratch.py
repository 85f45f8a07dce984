import time
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from tests.system.trial_in_progress import trial_in_progress
from trial_site.roles import Role
pytestmark = pytest.mark.browser
def test_all(sign_in, morning, site):
    trial = trial_in_progress(site, morning)
    page = sign_in(Role.INVESTIGATOR)
    for path in ("/audit/", "/screening/SCR-007/", "/outcomes/", "/"):
        page.goto(path)
        def timed(name, f):
            ts=[]
            for _ in range(4):
                a=time.perf_counter(); f(); ts.append(time.perf_counter()-a)
            print(path, name, " ".join(f"{t:.2f}" for t in ts))
        timed("axe pkg", lambda: Axe().run(page))
        timed("inject", lambda: page.evaluate(AXE_SCRIPT))
        run = lambda o: page.evaluate("o => axe.run(o).then(r => r.violations)", o)
        timed("violations", lambda: run({"resultTypes":["violations"]}))
        timed("nopreload", lambda: run({"resultTypes":["violations"], "preload": False}))
        timed("norefs", lambda: run({"resultTypes":["violations"], "preload": False, "selectors": False, "ancestry": False}))
        timed("contrast", lambda: run({"resultTypes":["violations"], "preload": False, "runOnly": ["color-contrast"]}))
        timed("nocontrast", lambda: run({"resultTypes":["violations"], "preload": False, "rules": {"color-contrast":{"enabled":False}}}))
        print(page.evaluate("document.querySelectorAll('*').length"))
