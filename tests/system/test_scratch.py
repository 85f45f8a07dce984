import pytest
from tests.system.trial_in_progress import trial_in_progress
from trial_site.roles import Role
pytestmark = pytest.mark.browser
JS = """() => { const w = document.documentElement.clientWidth; return [document.documentElement.scrollWidth, ...[...document.querySelectorAll('main *')].filter(e => { let p=e; while(p){ if(p.classList && p.classList.contains('table-scroll')) return false; p=p.parentElement;} return e.getBoundingClientRect().right > w + 1;}).slice(0,8).map(e => e.tagName + '.' + e.className + ' ' + e.getBoundingClientRect().right + ' ' + e.textContent.trim().slice(0,60))]; }"""
def test_all(sign_in, morning, site):
    t = trial_in_progress(site, morning)
    page = sign_in(Role.INVESTIGATOR)
    for path in ("/protocol/", f"/history/labs.result/{t.result.pk}/"):
        for w in (1440, 360):
            page.set_viewport_size({"width":w,"height":900})
            page.goto(path)
            page.screenshot(path=f"/tmp/w/journeys/x{w}{path.count('/')}.png", full_page=True)
            print(path, w, *page.evaluate(JS), sep="\n   ")
