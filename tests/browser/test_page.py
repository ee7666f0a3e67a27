"""The page in a real browser, on a running demo: it fits, it moves, and it asks nobody else."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.dashboards import Dashboard, demo_with_dashboard

# Where it is named, a skip of these tests would hide that they cannot run.
CHROMIUM = os.environ.get("GUARD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium, or name it in GUARD_CHROMIUM"),
]
PHONE, DESKTOP = (390, 844), (1440, 900)
SHOTS = os.environ.get("GUARD_SHOTS")


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with demo_with_dashboard(tmp_path_factory.mktemp("page"), "--speed", "900") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


@dataclass
class Watched:
    """A page with what went wrong on it, and whom it asked."""

    page: Page
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


def opened(browser: Browser, dashboard: Dashboard, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Watched:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    watched = Watched(context.new_page())
    page = watched.page
    page.on("request", lambda request: watched.hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on("console", lambda said: watched.errors.append(said.text) if said.type in ("error", "warning") else None)
    page.goto(f"{dashboard.url}#token={dashboard.token}")
    expect(page.locator("#link")).to_have_text("live", timeout=15_000)
    return watched


@pytest.fixture
def watched(browser: Browser, dashboard: Dashboard) -> Iterator[Watched]:
    found = opened(browser, dashboard)
    yield found
    found.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_page_fits_is_quiet_and_asks_no_other_host(
    browser: Browser, dashboard: Dashboard, size: tuple[int, int], scheme: str
) -> None:
    found = opened(browser, dashboard, size, scheme)
    page = found.page
    expect(page.locator("#limits li").first).to_be_visible()
    expect(page.locator("#equity-chart canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert "token" not in page.url
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(16, 19, 24)") is (scheme == "dark")
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{size[0]}-{scheme}.png"), full_page=True)
    # The refused first page, which asks for the token, is no fault of the dashboard.
    assert [one for one in found.errors if "401" not in one] == []
    assert found.hosts == {f"127.0.0.1:{dashboard.port}"}
    page.context.close()


def test_every_number_of_the_account_has_its_unit(watched: Watched) -> None:
    for text in watched.page.locator("#tiles dd").all_inner_texts():
        assert text in {"unknown", "no margin in use"} or any(
            unit in text for unit in ("USD", "%", "×", "open", "s ago")
        ), text


def test_the_gauge_moves_as_equity_falls(tmp_path: Path, browser: Browser) -> None:
    with demo_with_dashboard(tmp_path, "--speed", "1500") as demo:
        found = opened(browser, demo)
        gauge, room = found.page.locator("#gauge"), set()
        deadline = time.monotonic() + 45
        while time.monotonic() < deadline:
            value = gauge.get_attribute("aria-valuenow")
            if value is not None:
                room.add(float(value))
                if min(room) <= 0.0 < max(room):
                    break
            time.sleep(0.1)
        assert max(room) > 60.0
        assert min(room) == 0.0
        assert len(room) > 3
        expect(found.page.locator("#gauge-fill")).to_have_class("BREACH")
        fill = found.page.locator("#gauge-fill")
        while fill.evaluate("e => e.getBoundingClientRect().width") >= 5:  # it glides
            assert time.monotonic() < deadline
            time.sleep(0.1)
        found.page.context.close()


def test_a_lock_is_asked_for_with_the_keyboard_and_appears_with_a_countdown(watched: Watched) -> None:
    page = watched.page
    page.locator("[data-verb=lock]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lock-dialog")).to_be_visible()
    page.get_by_label("Reason").first.fill("browser test")
    page.locator("#lock-dialog button[value=go]").focus()
    page.keyboard.press("Enter")
    count = page.locator("#locks li", has_text="browser test").locator(".count")
    expect(count).to_contain_text("left", timeout=10_000)
    first = count.inner_text()
    expect(count).not_to_have_text(first, timeout=5_000)
    expect(page.locator("#said")).to_contain_text("Done: locked", timeout=10_000)
    expect(page.locator("#journal")).to_contain_text("browser test", timeout=15_000)


def test_flattening_needs_the_box_to_be_ticked_and_cancel_asks_for_nothing(watched: Watched) -> None:
    page = watched.page
    page.locator("[data-verb=flatten]").click()
    dialog = page.locator("#flatten-dialog")
    dialog.locator("button[value=go]").click()
    expect(dialog).to_be_visible()
    dialog.locator("button[value=cancel]").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#said")).to_have_text("")
    page.locator("[data-verb=flatten]").click()
    dialog.locator("input[name=confirmed]").check()
    dialog.locator("button[value=go]").click()
    expect(page.locator("#said")).to_contain_text("Not done: the demo only watches", timeout=10_000)


def test_what_may_still_be_lost_is_said_with_its_currency(watched: Watched) -> None:
    expect(watched.page.locator("#objectives")).to_contain_text("period_loss: ", timeout=10_000)
    assert "USD" in watched.page.locator("#objectives li").first.inner_text()


def test_nothing_on_the_page_loosens(watched: Watched) -> None:
    words = " ".join(watched.page.locator("button").all_inner_texts()).lower()
    assert not any(word in words for word in ("unlock", "disarm", "loosen", "raise", "override", "stop"))


def test_the_what_if_box_and_the_calculators_answer(watched: Watched) -> None:
    page = watched.page
    box = page.locator("#whatif")
    box.locator("[name=symbol]").fill("EURUSD")
    box.locator("[name=lots]").fill("50")
    box.locator("button").click()
    expect(page.locator("#whatif-said")).to_contain_text("would be broken", timeout=15_000)
    page.locator("#calc-name").select_option("margin_level")
    page.locator("#calc-inputs [name=equity]").fill("10000")
    page.locator("#calc-inputs [name=margin]").fill("2500")
    page.locator("#calc button").click()
    expect(page.locator("#calc-said")).to_contain_text("400")


def test_a_program_for_accessibility_finds_nothing_serious(browser: Browser, dashboard: Dashboard) -> None:
    from axe_playwright_python.base import AXE_SCRIPT  # noqa: PLC0415 - for this test only

    for size, scheme in ((PHONE, "dark"), (DESKTOP, "light")):
        found = opened(browser, dashboard, size, scheme)
        expect(found.page.locator("#limits li").first).to_be_visible()
        found.page.evaluate(AXE_SCRIPT)
        result = found.page.evaluate("axe.run()")
        bad = [one for one in result["violations"] if one["impact"] in ("serious", "critical")]
        assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in bad] == []
        assert len(result["passes"]) > 15
        found.page.context.close()


def test_a_wrong_token_is_said_and_a_right_one_lets_in(browser: Browser, dashboard: Dashboard) -> None:
    page = browser.new_context().new_page()
    page.goto(dashboard.url)
    page.get_by_label("Token").fill("not the token")
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the token.")
    page.get_by_label("Token").fill(dashboard.token)
    page.keyboard.press("Enter")
    expect(page.locator("#link")).to_have_text("live", timeout=15_000)
    cookies = page.context.cookies()
    assert [(one["httpOnly"], one["sameSite"]) for one in cookies] == [(True, "Strict")]
    page.get_by_role("button", name="Forget the token").click()
    expect(page.get_by_label("Token")).to_be_visible()
    page.context.close()
