"""The web page in a real browser, on a real cluster with a real tagger."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from lmtx_search.cluster.client.connect import connect
from lmtx_search.cluster.decisions.order import Place
from lmtx_search.cluster.documents.load import read_documents
from lmtx_search.cluster.judgments.store import JudgmentStore
from lmtx_search.cluster.labels.index import LabelIndex
from lmtx_search.cluster.setup.bootstrap import apply, plan
from lmtx_search.cluster.setup.indices import prepare_training_index
from lmtx_search.encoder.calibration import Calibration
from lmtx_search.records import PERSON, Label
from lmtx_search.rules import Rules
from lmtx_search.settings import Settings, load_settings
from lmtx_search.system.process_identity import user_name
from lmtx_search.tagging.deployment.deploy import deploy
from lmtx_search.tagging.deployment.encoder_source import untrained_source
from lmtx_search.training.teacher.human_feedback import prefer_people
from lmtx_search.ui.app import create_app
from lmtx_search.ui.decisions import Decisions, text_digest
from tests.conftest import environment_of, flags_of
from tests.support.backends import Servers
from tests.support.live_tagger import OPTIONS, index_documents, load_labels
from tests.support.tagger_service import LABELS, running
from tests.support.tiny_tagger import version_of
from tests.support.wipe import wipe

pytestmark = pytest.mark.integration

SCRIPT = '<script>alert("tag")</script> & Co'
DOCUMENTS = [
    {"id": "knights", "title": "Knights", "text": "A program that plays chess against you"},
    {"id": "surf", "title": "Surf", "text": "A web browser, it shows pages of the Web"},
    {"id": "odd", "title": "<b>Bold</b>", "text": SCRIPT},
    *(
        {"id": f"board-{n}", "title": f"Board {n}", "text": f"Chess game number {n}"}
        for n in range(22)
    ),
]


@dataclass(frozen=True)
class Site:
    """The page's address, and the cluster behind it."""

    url: str
    client: Any
    settings: Settings


@pytest.fixture(scope="module")
def site(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`lmtx-search ui` on an index of tagged documents."""
    data = tmp_path_factory.mktemp("ui")
    settings = load_settings(flags=flags_of(servers, data))
    client = connect(settings.opensearch)
    wipe(client)
    apply(client, plan(client, settings))
    load_labels(client, settings, [*LABELS, Label("script", SCRIPT)])
    environment = environment_of(settings)
    calibration = Calibration(10.0, -4.0, 50)
    with running(environment):
        source = replace(untrained_source(settings), calibration=calibration)
        deploy(client, settings, source, OPTIONS)
        index_documents(client, "articles", DOCUMENTS)
    command = "from lmtx_search.cli.main import main; main()"
    words = ["ui", "--index", "articles", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *words], env=environment, text=True, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield Site(json.loads(process.stdout.readline())["url"], client, settings)
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0


@pytest.fixture
def page(site: Site, browser: Browser) -> Iterator[Page]:
    """The opened page; any complaint of the browser fails the test."""
    context = browser.new_context(base_url=site.url)
    context.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto("/")
    expect(page.locator("#count")).to_have_text("25 documents")
    yield page
    context.close()
    # The page shows what the server refuses; the browser logs it once more.
    assert [one for one in complaints if "Failed to load resource" not in one] == []


def opinions(site: Site) -> dict[tuple[str, str], float]:
    found = JudgmentStore(site.client).of(PERSON)
    return {(one.document_id, one.label_id): one.p_yes for one in found}


def source(site: Site, id_: str) -> dict[str, Any]:
    return dict(site.client.get(index="articles", id=id_)["_source"])


def tag_of(page: Page, title: str, tag: str) -> Any:
    return page.locator("article", has_text=title).locator("li.tag", has_text=tag)


def test_tags_have_counts_and_filter(page: Page) -> None:
    chess = page.locator("#tags button", has_text="Chess")
    expect(chess).to_have_text(re.compile(r"Chess 2\d documents"))
    chess.click()
    expect(chess).to_have_attribute("aria-pressed", "true")
    expect(chess).to_be_focused()
    expect(page.locator("#count")).to_have_text(re.compile("2. documents with “Chess”"))
    page.get_by_role("button", name="Remove the filter Chess").click()
    expect(page.locator("#count")).to_have_text("25 documents")


def test_a_search_is_in_the_address_and_back_goes_back(page: Page) -> None:
    page.get_by_role("searchbox", name="Search").fill("plays -web")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("1 document for “plays -web”")
    expect(page.locator("article h2")).to_have_text("Knights")
    page.reload()
    expect(page.locator("#count")).to_have_text("1 document for “plays -web”")
    page.go_back()
    expect(page.locator("#count")).to_have_text("25 documents")


def test_more_documents_come_below_and_take_the_focus(page: Page) -> None:
    expect(page.locator("article")).to_have_count(20)
    page.get_by_role("button", name="More documents").click()
    expect(page.locator("article")).to_have_count(25)
    expect(page.locator("article h2").nth(20)).to_be_focused()
    expect(page.get_by_role("button", name="More documents")).to_be_hidden()


def test_what_looks_like_markup_is_text(page: Page) -> None:
    page.goto("/?q=alert")
    expect(page.locator("article h2")).to_have_text("<b>Bold</b>")
    expect(page.locator("article .text")).to_have_text(SCRIPT)
    expect(tag_of(page, "Bold", SCRIPT)).to_be_visible()
    page.locator("#tags button", has_text=SCRIPT).click()
    expect(page.locator("#chosen button")).to_have_text(SCRIPT)
    expect(page.locator("article")).to_have_count(1)


def test_one_click_rejects_a_tag_and_another_undoes_it(site: Site, page: Page) -> None:
    before = source(site, "knights")
    page.goto("/?q=knights")
    tag = tag_of(page, "Knights", "Chess")
    tag.get_by_role("button", name="Chess is wrong here").click()
    said = page.locator("#said")
    expect(said).to_have_text("Saved: Chess is wrong. The next deployment uses it.")
    assert opinions(site) == {("knights", "game::chess"): 0.0}
    there = source(site, "knights")
    assert (there["tags_rejected"], "Chess" in there["tags"]) == (["Chess"], False)
    page.reload()
    expect(tag).to_have_class(re.compile("said-no"))
    tag.get_by_role("button", name="Undo").click()
    expect(page.locator("#said")).to_have_text("Your decision on Chess was undone.")
    expect(tag.get_by_role("button", name="Chess is wrong here")).to_be_focused()
    assert opinions(site) == {}
    assert source(site, "knights") == {**before, "tags_rejected": []}


def test_a_missing_tag_can_be_added_with_the_keyboard_alone(site: Site, page: Page) -> None:
    page.goto("/?q=surf")
    page.get_by_role("button", name="Add a missing tag: Surf").focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("combobox", name="Missing tag of Surf")
    expect(field).to_be_focused()
    page.keyboard.type("spread")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(field).to_have_attribute("aria-activedescendant", re.compile("labels-"))
    page.keyboard.press("Enter")
    tag = tag_of(page, "Surf", "Spread.sheets")
    expect(tag).to_have_class(re.compile("said-yes"))
    expect(tag).to_contain_text(f"given by {user_name()}")
    assert opinions(site) == {("surf", "odd"): 1.0}
    assert source(site, "surf")["tags_manual"] == [LABELS[2].text]

    # What training reads: the document is there now, and the answer is about its text.
    fields = site.settings.documents.text_fields
    documents = list(read_documents(site.client, "lmtx-documents", fields))
    labels = {label.id: label for label in LabelIndex(site.client).labels()}
    people = JudgmentStore(site.client).of(PERSON)
    assert prefer_people({}, people, documents, labels) == {"surf": {"odd": 1.0}}

    page.reload()
    tag.get_by_role("button", name="Undo").press("Enter")
    expect(tag).to_have_count(0)
    expect(page.get_by_role("button", name="Add a missing tag: Surf")).to_be_focused()
    assert opinions(site) == {}
    assert source(site, "surf")["tags_manual"] == []


@pytest.mark.parametrize("own", [True, False], ids=["own", "another's"])
def test_only_whoever_accepted_a_label_can_undo_that(site: Site, page: Page, own: bool) -> None:
    by = user_name() if own else "anna"
    digest = text_digest(source(site, "odd"), site.settings.documents.text_fields)
    decisions = Decisions(site.client, site.settings, "articles")
    told = decisions.decide(by, "Web browser", "accept", {Place("articles", "odd"): digest})
    assert told["results"][0]["problem"] is None
    page.goto("/?q=alert&tag=Web+browser")
    tag = tag_of(page, "Bold", "Web browser")
    expect(tag).to_contain_text(f"given by {by}")
    expect(tag.get_by_role("button")).to_have_count(2 if own else 1)
    if not own:
        decisions.undo(by)
        return
    tag.get_by_role("button", name="Undo the decision on Web browser").click()
    expect(page.locator("#said")).to_have_text("Your decision on Web browser was undone.")
    expect(tag).to_have_count(0)
    assert source(site, "odd")["tags_manual"] == []
    assert opinions(site) == {}


def test_a_card_shows_what_a_rule_removed_with_a_decision(site: Site, page: Page) -> None:
    rules = Rules(exclude=((LABELS[0].id, LABELS[2].id),))
    made = version_of(site.settings.data_dir, labels=list(LABELS), rules=rules, max_tags=9)
    before = source(site, "knights")["tagging"]
    of_rules = {"doc": {"tagging": {"tagger": made.manifest.version}}}
    site.client.update(index="articles", id="knights", body=of_rules, params={"refresh": "true"})
    page.goto("/?q=knights")
    expect(tag_of(page, "Knights", "Chess")).to_have_count(1)
    page.get_by_role("button", name="Add a missing tag: Knights").press("Enter")
    page.keyboard.type("spread")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("A rule leaves out: Chess.")
    expect(tag_of(page, "Knights", "Chess")).to_have_count(0)
    tag_of(page, "Knights", "Spread.sheets").get_by_role("button", name="Undo").click()
    expect(page.locator("#said")).to_have_text(re.compile("was undone"))
    assert source(site, "knights")["tags"] == ["Chess"]
    body = {"doc": {"tagging": before}}
    site.client.update(index="articles", id="knights", body=body, params={"refresh": "true"})


def test_a_text_is_tagged_as_it_is_typed(page: Page) -> None:
    page.get_by_role("link", name="Try a text").click()
    page.get_by_role("textbox").press_sequentially("Electronic mail and a game of chess")
    expect(page.locator("#tags li").first).to_contain_text("% likely · score 0.")
    expect(page.locator("#tags .tag-name", has_text="Chess")).to_be_visible()
    expect(page.locator("#near li")).to_have_count(3)
    expect(page.locator("#note")).to_contain_text(
        "A label is a tag if its score is at least 0.3. A document has at most 3 tags."
    )
    page.get_by_role("textbox").fill("")
    expect(page.locator("#tags li")).to_have_count(0)


def test_a_text_is_explained_when_the_typing_pauses(page: Page) -> None:
    page.get_by_role("link", name="Try a text").click()
    page.get_by_role("textbox").fill("Bread is baked here. It plays chess against you.")
    chess = page.locator("#tags li", has=page.locator(".tag-name", has_text="Chess"))
    expect(chess).to_contain_text("“It plays chess against you.” (without it, the score is")
    expect(chess).to_contain_text("ahead of ")
    expect(page.locator("#note")).to_contain_text("was not trained.")


def test_a_document_says_why_it_has_its_tags(site: Site, page: Page) -> None:
    page.goto("/?q=knights")
    page.locator("article", has_text="Knights").get_by_role("button", name="Why these tags").click()
    told = page.locator("article .why")
    expect(told.locator("li.assigned .tag-name").first).to_have_text("Chess")
    expect(told).to_contain_text("“A program that plays chess against you”")
    found = json.loads(page.request.get("/api/explain?document=knights").text())
    assert found["tagged_by"] == found["tagger"]
    assert found["tags"][0] == "Chess"
    assert (found["index"], found["routing"]) == ("articles", None)
    page.get_by_role("button", name="Why these tags").click()
    expect(told.locator("li")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/try"])
def test_a_phone_shows_everything_in_reach_of_a_thumb(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    if path == "/":
        expect(page.locator("article")).to_have_count(20)
        expect(page.locator("#tags")).to_be_hidden()
        page.locator("summary").click()
        expect(page.locator("#tags")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        """[...document.querySelectorAll("button, input, textarea, summary, nav a")]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 24)
            .map((e) => e.outerHTML)"""
    )
    assert small == []


@pytest.mark.parametrize(("path", "stops"), [("/", 32), ("/try", 4)])
def test_a_keyboard_reaches_everything_and_is_seen(page: Page, path: str, stops: int) -> None:
    page.goto(path)
    if path == "/":
        expect(page.locator("article")).to_have_count(20)
    reached = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                    const at = document.activeElement, style = getComputedStyle(at);
                    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth);
                    const name = at.getAttribute("aria-label") ?? at.textContent ?? "";
                    return [at.tagName, name || at.labels?.[0]?.textContent || "", ring];
                }"""
            )
        )
    assert [stop for stop in reached if stop[2] < 2] == [], "no visible focus"
    assert [stop for stop in reached if not stop[1].strip()] == [], "no name"
    assert reached[0][1].startswith("Skip to")
    names = [name for _, name, _ in reached]
    if path == "/":
        wanted = ["Search", "Tags", "Chess is wrong here", "Add a missing tag: Board 0"]
        assert [name for name in wanted if name not in names] == []


def test_what_is_wrong_is_one_clear_line_in_the_page(page: Page) -> None:
    page.goto(f"/?q={'a' * 1001}")
    problem = page.get_by_role("alert")
    expect(problem).to_have_text("a search has at most 1,000 characters")
    page.get_by_role("searchbox", name="Search").fill("knights")
    page.keyboard.press("Enter")
    expect(problem).to_be_hidden()
    expect(page.locator("article")).to_have_count(1)


def test_an_index_that_is_not_there_is_one_clear_line(site: Site) -> None:
    other = TestClient(create_app(site.settings, "nothing"), base_url="http://127.0.0.1")
    answer = other.get("/api/documents")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("no index nothing at http://127.0.0.1")


def test_what_cannot_be_explained_is_one_clear_line(site: Site) -> None:
    site.client.index(index="textless", id="empty", body={"tags": []}, params={"refresh": "true"})
    here = TestClient(create_app(site.settings, "textless"), base_url="http://127.0.0.1")
    for document, problem in (
        ("gone", "there is no document gone in textless"),
        ("empty", "the document empty has no text in title, text"),
    ):
        answer = here.get("/api/explain", params={"document": document})
        assert answer.status_code == 400
        assert problem in answer.json()["error"]


def test_an_answer_to_another_text_than_the_training_documents_is_reported_as_unused(
    site: Site, page: Page
) -> None:
    training = site.settings.documents.training_index
    older = {"id": "board-1", "title": "Board 1", "text": "As it was before"}
    prepare_training_index(site.client, training)
    site.client.index(index=training, id="board-1", body=older, params={"refresh": "true"})
    page.goto("/?q=%22number 1%22")
    tag = tag_of(page, "Board 1", "Chess")
    tag.get_by_role("button", name="Chess is wrong here").click()
    expect(page.locator("#said")).to_have_text(
        "Saved: Chess is wrong. But the training document with this id has a different text: load "
        "it again first."
    )
    assert site.client.get(index=training, id="board-1")["_source"] == older
    tag.get_by_role("button", name="Undo").click()
    expect(page.locator("#said")).to_have_text("Your decision on Chess was undone.")
    assert opinions(site) == {}
