"""The tag cloud, laid out by the library and the settings that Dashboards uses, has every tag."""

from __future__ import annotations

import json
import shutil
from itertools import product

import pytest
from playwright.sync_api import sync_playwright

from tests.support.dashboards_objects import DASHBOARDS, VISUALIZATIONS
from tests.support.npm import npm_file

pytestmark = pytest.mark.integration

D3_CLOUD = (
    "d3-cloud@1.2.5",
    "4s2hXZgvs0CoUIw31oBAGrHt9Kt/7P9Ik5HIVzISFiWkD0Ga2VLAuO/emO/z1tYIpE7KG2smB4PhMPfFMJpahw==",
    "build/d3.layout.cloud.js",
)
# src/plugins/dashboard: a grid of 48 columns; a row has 20 pixels, panels have 8 between them, and
# a title and padding of about 48.
ROW, MARGIN, FRAME = 20, 8, 48

# vis_type_tagcloud/public/components/tag_cloud.js names these settings of the layout.
LAYOUT = """
([words, width, height, least, most]) => new Promise(done => {
  const values = words.map(word => word.value)
  const [low, high] = [Math.min(...values), Math.max(...values)].map(Math.sqrt)
  const size = value => least + (most - least) * (Math.sqrt(value) - low) / (high - low || 1)
  d3.layout.cloud()
    .size([width, height]).padding(5).rotate(() => 0)
    .font("Inter UI, sans-serif").fontStyle("normal").fontWeight("normal")
    .fontSize(word => size(word.value)).random(() => 0.5).spiral("archimedean")
    .words(words).text(word => word.text).timeInterval(1000)
    .on("end", placed => done(placed.map(word => word.text)))
    .start()
})
"""

# The topical tags of Debian packages, and longer ones as subject headings are.
SHORT = [f"topic {n:02}" for n in range(20)] + [f"software development {n:02}" for n in range(30)]
LONG = [
    f"{subject} {aspect} {n:02}"
    for n, (subject, aspect) in enumerate(
        product(
            [
                "Water supply",
                "International trade in agricultural products",
                "Education",
                "Human rights",
                "Local government",
            ],
            [
                "",
                "law and legislation",
                "history",
                "in literature",
                "economic aspects",
                "Europe",
                "public opinion",
                "finance",
                "study and teaching",
                "bibliography",
            ],
        )
    )
]


@pytest.mark.parametrize("width", [1280, 1440, 1920])
@pytest.mark.parametrize("tags", [SHORT, LONG], ids=["short", "long"])
def test_all_fifty_tags_are_drawn(tags: list[str], width: int) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium here")
    params = VISUALIZATIONS["lmtx-tags-cloud"]["params"]
    grid = _grid("lmtx-tags-cloud")
    inner = (width - 60) * grid["w"] // 48 - MARGIN - 16
    height = grid["h"] * ROW + (grid["h"] - 1) * MARGIN - FRAME
    words = [{"text": tag, "value": 3000 // (rank + 1)} for rank, tag in enumerate(tags)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = browser.new_page()
        page.add_script_tag(content="window.d3 = {layout: {}}")
        page.add_script_tag(content=npm_file(*D3_CLOUD))
        given = [words, inner, height, params["minFontSize"], params["maxFontSize"]]
        drawn = page.evaluate(LAYOUT, given)
        browser.close()
    assert sorted(drawn) == sorted(tags)


def _grid(id_: str) -> dict[str, int]:
    (board,) = [
        one for one in DASHBOARDS if id_ in {reference["id"] for reference in one["references"]}
    ]
    names = {reference["name"]: reference["id"] for reference in board["references"]}
    panels = json.loads(board["attributes"]["panelsJSON"])
    (panel,) = [one for one in panels if names[one["panelRefName"]] == id_]
    grid = panel["gridData"]
    assert isinstance(grid, dict)
    return grid
