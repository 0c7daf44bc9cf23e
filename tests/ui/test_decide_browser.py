"""The queue in a real browser, on a real cluster with documents that have suggestions."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_tagged_index
from lmtx_search.rules import Rules
from lmtx_search.settings import Settings, load_settings
from lmtx_search.tagging.service.server import address_of, listen, server_of
from lmtx_search.ui.app import create_app
from tests.conftest import flags_of
from tests.support.axe import axe_source, serious_findings
from tests.support.backends import Servers
from tests.support.live_tagger import load_labels
from tests.support.suggestions import index_tagged, tagged
from tests.support.tagger_service import LABELS
from tests.support.tiny_tagger import version_of
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

TOKENS = {
    "anna": "anna-has-this-token",
    "ben": "ben-has-another-token",
    "eve": "eve-only-reads-here",
}
SHOTS = os.environ.get("LMTX_TEST_SCREENSHOTS")
"""Folder for pictures of the page, to look at."""


@dataclass(frozen=True)
class Site:
    """The page's address, and the cluster behind it."""

    url: str
    client: Any
    settings: Settings

    def stored(self, id_: str) -> dict[str, Any]:
        return dict(self.client.get(index="articles", id=id_)["_source"])


SignedIn = Callable[..., Page]


@pytest.fixture(scope="module")
def served(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The page's server, which signs in with tokens."""
    tokens = ",".join(f"{name}:{token}" for name, token in TOKENS.items())
    own = {"ui.tokens": tokens, "ui.editors": "anna,ben"}
    settings = load_settings(flags={**flags_of(servers, tmp_path_factory.mktemp("ui")), **own})
    client = connect(settings.opensearch)
    wipe(client)
    listener = listen("127.0.0.1", 0)
    server = server_of(create_app(settings, "articles"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield Site(address_of(listener), client, settings)
    server.should_exit = True
    thread.join(timeout=60)


@pytest.fixture
def site(served: Site) -> Site:
    """The page, with labels and documents on which nobody has decided."""
    wipe(served.client)
    apply(served.client, plan(served.client, served.settings))
    load_labels(served.client, served.settings, LABELS)
    prepare_tagged_index(served.client, "articles")
    return served


@pytest.fixture
def signed_in(site: Site, browser: Browser) -> Iterator[SignedIn]:
    """Opens the queue for somebody; any complaint of the browser fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    expect.set_options(timeout=60_000)

    def open_page(name: str, width: int = 1440) -> Page:
        size = {"width": width, "height": 900}
        context = browser.new_context(base_url=site.url, viewport=size)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/decide")
        page.get_by_label("Your token").fill(TOKENS[name])
        page.keyboard.press("Enter")
        expect(page.locator("#visitor")).to_contain_text(name)
        page.goto("/decide")
        expect(page.locator("#count")).not_to_be_empty()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [one for one in complaints if "Failed to load resource" not in one] == []


def documents() -> list[dict[str, Any]]:
    games = [
        tagged(f"game-{n}", {"Mail (mail-1)": 0.9}, {"Chess": 0.45 + n / 100}) for n in range(5)
    ]
    both = tagged("both", {"Mail (mail-1)": 0.6}, {"Web browser": 0.5, "Chess": 0.3})
    return [*games, both]


def row(page: Page, title: str, tag: str) -> Locator:
    return page.locator("article", has_text=title).locator(".row", has_text=tag)


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def test_keys_alone_accept_reject_add_and_undo(site: Site, signed_in: SignedIn) -> None:
    index_tagged(site.client, "articles", [tagged("d1", {}, {"Chess": 0.5, "Web browser": 0.4})])
    page = signed_in("anna")
    expect(page.locator("#count")).to_have_text(
        "1 document with suggestions. You have made 0 decisions."
    )
    first, second = (row(page, "About d1", tag) for tag in ("Chess", "Web browser"))
    expect(first).to_be_focused()
    page.keyboard.press("j")
    expect(second).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("a")
    expect(first).to_have_text(re.compile("accepted"))
    expect(second).to_be_focused()
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Missing tag of About d1")
    expect(field).to_be_focused()
    page.keyboard.type("letters post")
    page.keyboard.press("Escape")
    expect(second).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("mail")
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text(
        re.compile(r"Accepted: Mail \(mail-[12]\) for 1 document\.")
    )
    expect(second).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("#count")).to_have_text(
        "Nothing is left to decide on. You have made 3 decisions."
    )
    there = site.stored("d1")
    assert set(there["tags_manual"]) > {"Chess"}
    assert len(there["tags_manual"]) == 2
    assert there["tags_rejected"] == ["Web browser"]
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text("Undone: Web browser for 1 document.")
    expect(second).to_be_focused()
    assert site.stored("d1")["tags_suggested"] == ["Web browser"]
    assert site.stored("d1")["tags_rejected"] == []


def test_what_a_rule_leaves_out_is_said_and_comes_back_with_undo(
    site: Site, signed_in: SignedIn
) -> None:
    rules = Rules(exclude=(("game::chess", "web"),))
    made = version_of(site.settings.data_dir, labels=list(LABELS), rules=rules, max_tags=9)
    document = tagged("d1", {}, {"Chess": 0.5, "Web browser": 0.4, "Mail (mail-1)": 0.3})
    document["tagging"] |= {"tagger": made.manifest.version}
    index_tagged(site.client, "articles", [document])
    page = signed_in("anna")
    row(page, "About d1", "Chess").get_by_role("button", name="Accept").click()
    expect(row(page, "About d1", "Web browser")).to_have_text(re.compile("A rule leaves it out"))
    expect(row(page, "About d1", "Mail (mail-1)")).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text("Undone: Chess for 1 document.")
    expect(row(page, "About d1", "Web browser")).to_have_text(re.compile("suggested"))
    expect(row(page, "About d1", "Chess")).to_have_text(re.compile("suggested"))


def test_a_label_is_accepted_for_all_documents_that_are_left(
    site: Site, signed_in: SignedIn
) -> None:
    index_tagged(site.client, "articles", documents())
    page = signed_in("anna")
    page.locator("#labels button", has_text="Chess").click()
    expect(page.locator("#accept-all")).to_have_text("Accept “Chess” for these 6 documents")
    expect(row(page, "About game-4", "Chess")).to_be_focused()
    page.keyboard.press("r")
    expect(page.locator("#accept-all")).to_have_text("Accept “Chess” for these 5 documents")
    shot(page, "together-1440")
    page.keyboard.press("Shift+A")
    expect(page.locator("#said")).to_have_text("Accepted: Chess for 5 documents.")
    expect(page.locator("#count")).to_contain_text("0 documents to decide on.")
    assert site.stored("game-4")["tags_rejected"] == ["Chess"]
    assert [site.stored(f"game-{n}")["tags_manual"] for n in range(4)] == [["Chess"]] * 4
    page.locator("#labels button", has_text="All labels").click()
    expect(page.locator(".row").first).to_be_focused()
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text("Undone: Chess for 5 documents.")
    assert site.stored("game-1")["tags_suggested"] == ["Chess"]


def test_together_decides_on_the_chosen_label_alone(site: Site, signed_in: SignedIn) -> None:
    index_tagged(
        site.client, "articles", [tagged(f"d{n}", {}, {"Chess": 0.5 - n / 100}) for n in range(3)]
    )
    page = signed_in("anna")
    page.locator("#labels button", has_text="Chess").click()
    expect(page.locator("#accept-all")).to_have_text("Accept “Chess” for these 3 documents")
    page.keyboard.press("/")
    page.keyboard.type("web")
    page.get_by_role("option", name="Web browser").click()
    expect(page.locator("#said")).to_have_text("Accepted: Web browser for 1 document.")
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text("Undone: Web browser for 1 document.")
    expect(row(page, "About d0", "Web browser")).to_be_focused()
    expect(page.locator("#accept-all")).to_have_text("Accept “Chess” for these 3 documents")
    row(page, "About d0", "Chess").get_by_role("button", name="Reject").click()
    expect(page.locator("#accept-all")).to_have_text("Accept “Chess” for these 2 documents")
    page.keyboard.press("Shift+A")
    expect(page.locator("#said")).to_have_text("Accepted: Chess for 2 documents.")
    assert [site.stored(f"d{n}").get("tags_manual") for n in range(3)] == [[], ["Chess"], ["Chess"]]
    expect(row(page, "About d0", "Web browser")).not_to_contain_text("accepted")


def test_a_reload_continues_where_the_person_was(site: Site, signed_in: SignedIn) -> None:
    index_tagged(site.client, "articles", documents())
    page = signed_in("anna")
    expect(page.locator(".row").first).to_be_focused()
    title = page.locator("article h2").first.text_content()
    page.locator("article").first.get_by_role("button", name="Accept").first.click()
    expect(page.locator("#said")).to_contain_text("Accepted:")
    page.reload()
    expect(page.locator("#count")).to_contain_text("You have made 1 decision.")
    assert title is not None
    expect(row(page, title, "accepted")).to_have_count(0)


def test_who_passes_documents_over_sees_all_others_before_they_come_again(
    site: Site, signed_in: SignedIn
) -> None:
    some = [tagged(f"d{n:02}", {}, {"Chess": 0.5 - n / 100}) for n in range(45)]
    index_tagged(site.client, "articles", some)
    page = signed_in("anna")

    def shown(first: str) -> list[str]:
        expect(page.locator("article h2").first).to_have_text(f"About {first}")
        return page.locator("article h2").all_text_contents()

    seen = shown("d00")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("Accepted")
    page.keyboard.press("n")
    seen += shown("d20")
    page.reload()  # what was passed over stays behind
    assert shown("d20") == seen[20:]
    page.keyboard.press("n")
    seen += shown("d40")
    assert len(set(seen)) == len(seen) == 45
    page.keyboard.press("n")
    expect(page.locator("#said")).to_contain_text("Those that you passed over come again.")
    assert shown("d01") == seen[1:21]
    # Each label has a list of its own.
    page.locator("#labels button", has_text="Chess").click()
    expect(page.locator("article")).to_have_count(40)
    page.keyboard.press("u")
    expect(page.locator("#said")).to_have_text("Undone: Chess for 1 document.")
    assert shown("d00")


def test_two_people_work_on_different_documents_and_see_each_others_decisions(
    site: Site, signed_in: SignedIn
) -> None:
    index_tagged(site.client, "articles", [tagged("d1", {}, {"Chess": 0.5})])
    anna, ben = signed_in("anna"), signed_in("ben")
    expect(ben.locator("#count")).to_contain_text("Nothing is left to decide on.")
    site.client.indices.delete(index="lmtx-decisions")  # as if her claim had lapsed
    apply(site.client, plan(site.client, site.settings))
    ben.reload()
    expect(row(ben, "About d1", "Chess")).to_be_focused()
    anna.keyboard.press("a")
    expect(anna.locator("#said")).to_contain_text("Accepted")
    ben.keyboard.press("r")
    expect(ben.locator("#said")).to_contain_text(
        re.compile("anna accepted it at .* Nothing was changed")
    )
    assert site.stored("d1")["tags_manual"] == ["Chess"]


def test_who_only_reads_has_no_way_to_decide(site: Site, signed_in: SignedIn) -> None:
    index_tagged(site.client, "articles", documents())
    page = signed_in("eve")
    expect(page.locator("#count")).to_contain_text("You may read here, but not decide.")
    expect(page.locator(".row")).not_to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Accept|Reject|Add|Undo"))).to_have_count(0)
    for key in ("a", "r", "u", "/", "Shift+A"):
        page.keyboard.press(key)
    expect(page.get_by_role("combobox")).to_have_count(0)
    assert site.stored("both")["tags_suggested"] == ["Web browser", "Chess"]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Your token")).to_be_focused()
    page.goto("/decide")
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_a_wrong_token_is_one_clear_line(site: Site, browser: Browser) -> None:
    page = browser.new_page(base_url=site.url)
    page.goto("/")
    page.get_by_label("Your token").fill("not a token of anybody")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("this token is not known")
    page.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious_and_everything_fits(
    site: Site, signed_in: SignedIn, width: int
) -> None:
    axe = axe_source()
    index_tagged(site.client, "articles", documents())
    page = signed_in("anna", width)
    expect(page.locator(".row").first).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("Accepted")
    page.keyboard.press("r")
    expect(page.locator("#said")).to_contain_text("Rejected")
    page.locator(".keys summary").click()
    found = serious_findings(page, axe)
    shot(page, f"decide-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        """[...document.querySelectorAll("button, input, summary, nav a")]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 24)
            .map((e) => e.outerHTML)"""
    )
    assert small == []
    page.keyboard.press("Tab")
    if width == 390:
        page.locator("#facets summary").click()
    page.locator("#labels button", has_text="Chess").click()
    expect(page.locator("#together")).to_be_visible()
    found += serious_findings(page, axe)
    shot(page, f"label-{width}")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Your token")).to_be_focused()
    found += serious_findings(page, axe)
    shot(page, f"sign-in-{width}")
    assert found == []


@pytest.mark.parametrize("width", [1440, 390])
def test_documents_show_their_suggestions_which_lead_to_the_queue(
    site: Site, signed_in: SignedIn, width: int
) -> None:
    axe = axe_source()
    first = tagged("d1", {"Mail (mail-1)": 0.9}, {"Chess": 0.41, "Web browser": 0.1})
    index_tagged(site.client, "articles", [first, tagged("d2", {"Chess": 0.8})])
    page = signed_in("anna", width)
    page.goto("/")
    expect(page.locator("article")).to_have_count(2)
    suggested = page.get_by_role("list", name="Suggested for About d1")
    expect(suggested.get_by_role("link")).to_have_text(
        ["Chess 41 % likely", "Web browser 10 % likely"]
    )
    expect(page.get_by_role("list", name="Suggested for About d2")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    heights = page.evaluate(
        """[...document.querySelectorAll(".suggestion")]
            .map((e) => e.getBoundingClientRect().height)"""
    )
    assert min(heights) >= 24
    assert serious_findings(page, axe) == []
    shot(page, f"suggested-{width}")
    suggested.get_by_role("link", name="Chess").click()
    expect(page.locator("#count")).to_contain_text("“Chess”: 1 document to decide on.")
    page.get_by_role("button", name="Reject Chess: About d1").click()
    expect(page.locator("#said")).to_contain_text("Rejected")
    page.goto("/")
    expect(suggested.get_by_role("link")).to_have_text(["Web browser 10 % likely"])


def test_an_answered_suggestion_is_no_longer_shown(site: Site, signed_in: SignedIn) -> None:
    index_tagged(site.client, "articles", [tagged("d1", {}, {"Chess": 0.41})])
    page = signed_in("anna")
    page.goto("/")
    expect(page.locator(".suggestion")).to_have_count(1)
    page.get_by_role("button", name="Add a missing tag: About d1").click()
    page.keyboard.type("chess")
    page.get_by_role("option", name="Chess").click()
    expect(page.locator("#said")).to_contain_text("Saved")
    page.reload()
    expect(page.locator("article .tag")).to_contain_text("given by anna")
    expect(page.locator(".suggestion")).to_have_count(0)
