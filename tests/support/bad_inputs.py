"""The table of bad inputs: what is given, and the one line that the user sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["none", "bootstrapped", "full"]
"""What the cluster holds: there is none; nothing but what `bootstrap-index` makes; or labels,
training documents, an index that tags and a plain one, and a deployed tagger."""


@dataclass(frozen=True)
class Bad:
    """A command that cannot do what it is asked.

    ``line`` is the last line of standard error; ``<url>``, ``<ollama>``, ``<folder>``, ``<data>``
    and ``<tagger>`` in it and in ``words`` stand for the test's. ``files`` are there before,
    ``environment`` is set.
    """

    what: str
    words: tuple[str, ...]
    line: str
    code: int = 2
    state: State = "full"
    files: Mapping[str, bytes] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def bad(
    what: str,
    command: str,
    line: str,
    code: int = 2,
    state: State = "full",
    files: Mapping[str, bytes] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Bad:
    """A row of the table, whose words are separated by spaces."""
    words = tuple(command.split(" "))
    return Bad(what, words, f"Error: {line}", code, state, files or {}, environment or {})


ONE = b'{"id": "1", "text": "chess"}\n'
LABEL = b'{"id": "x", "text": "X"}\n'

TABLE = [
    # Settings, and no cluster at all
    bad(
        "unknown setting",
        "config",
        "file lmtx-search.toml: unknown setting opensearch.ulr; `lmtx-search config` lists what can be set",
        state="none",
        files={"lmtx-search.toml": b"[opensearch]\nulr = 1\n"},
    ),
    bad(
        "setting of a wrong type",
        "config",
        "file lmtx-search.toml: service.port = 'x': Input should be a valid integer, unable to parse string as an integer",
        state="none",
        files={"lmtx-search.toml": b"[service]\nport = 'x'\n"},
    ),
    bad(
        "settings that are no TOML",
        "config",
        "lmtx-search.toml is not valid TOML: Expected ']' at the end of a table declaration (at line 1, column 12) (`lmtx-search init --force` writes a new one)",
        state="none",
        files={"lmtx-search.toml": b"[opensearch\n"},
    ),
    bad(
        "unknown variable",
        "config",
        "unknown variable LMTX_OPENSEARCH_ULR: `lmtx-search config` lists what can be set",
        state="none",
        environment={"LMTX_OPENSEARCH_ULR": "x"},
    ),
    bad(
        "no settings file",
        "--config missing.toml config",
        "no settings file missing.toml: create it or leave out --config",
        state="none",
    ),
    bad(
        "address without http",
        "--url host:9200 status",
        "flag: opensearch.url = 'host:9200': must start with http:// or https://",
        state="none",
    ),
    bad(
        "nobody at the address",
        "labels load l.jsonl",
        "no OpenSearch at http://127.0.0.1:1: start one (`lmtx-search up`) or set opensearch.url (--url)",
        code=1,
        state="none",
        files={"l.jsonl": LABEL},
    ),
    bad(
        "misspelt command",
        "lables load l.jsonl",
        "No such command 'lables': did you mean `lmtx-search labels`?",
        state="none",
    ),
    bad("facets of no index", "facets", "Missing option '--index'.", state="none"),
    bad(
        "threshold out of range",
        "deploy --threshold -1",
        "Invalid value for '--threshold': -1.0 is not in the range x>=0.",
        state="none",
    ),
    bad(
        "more tags than there can be",
        "deploy --max-tags 0",
        "Invalid value for '--max-tags': 0 is not in the range 1<=x<=1000.",
        state="none",
    ),
    bad(
        "budget that is none",
        "judge --judge-budget soon",
        "the judge's budget 'soon' is neither a time (5m, 90s) nor calls (500)",
        state="none",
    ),
    bad(
        "order that is none",
        "train --order best",
        "Invalid value for '--order': 'best' is not one of 'exhaustive', 'until-first-yes', 'expected-gain'.",
        state="none",
    ),
    bad(
        "prompt file that is missing",
        "judge --prompt missing.toml",
        "cannot read the prompt missing.toml: No such file or directory",
        state="none",
    ),
    bad(
        "prompt without a label",
        "judge --prompt p.toml",
        "the prompt p.toml must hold {document} in `document` and {label} in `question`",
        state="none",
        files={"p.toml": b'system = "s"\ndocument = "{document}"\nquestion = "?"\n'},
    ),
    bad(
        "text file that is missing",
        "tag --file missing.txt",
        "cannot read missing.txt: No such file or directory",
        state="none",
    ),
    bad(
        "nothing to tag",
        "tag --file empty.txt",
        "the text is empty: there is nothing to tag",
        state="none",
        files={"empty.txt": b" \n"},
    ),
    bad(
        "documents file that is missing",
        "docs load missing.jsonl",
        "no such file: missing.jsonl",
        state="none",
    ),
    bad(
        "documents of an unknown kind",
        "docs load d.txt",
        "d.txt: unknown kind of file: name it .jsonl, .csv or .tsv (or with .gz), .mbox or .rss, give a folder of texts, PDF and office files, or name its format: --format jsonl|csv|sheet|folder|file|mbox|feed|annif|xmc|marc|ris|bibtex|oai|zammad|zendesk|jira|karakeep|paperless",
        state="none",
        files={"d.txt": b"x"},
    ),
    bad(
        "documents file that is no gzip",
        "docs load d.jsonl.gz",
        "d.jsonl.gz is not a gzip file, despite its name: rename it, or download it again",
        state="none",
        files={"d.jsonl.gz": ONE},
    ),
    bad(
        "a table without a text",
        "docs load d.csv",
        "d.csv, line 1: the columns are id, body: none is one of the fields title, text (set documents.text_fields)",
        state="none",
        files={"d.csv": b"id,body\n1,x\n"},
    ),
    bad(
        "a pattern for an index",
        "ingest d.jsonl --index news-*",
        "Invalid value for '--index': news-* is not the name of one index",
        state="none",
        files={"d.jsonl": ONE},
    ),
    bad(
        "no gold",
        "evaluate d.jsonl",
        "give the gold tags as a file (--gold) or as a field of the documents (--gold-field)",
        state="none",
        files={"d.jsonl": ONE},
    ),
    # A cluster, but nothing in it
    bad(
        "deploying without labels",
        "deploy --untrained",
        "there are no labels: run `lmtx-search labels load FILE` first",
        state="bootstrapped",
    ),
    bad(
        "training without documents",
        "train",
        "there are no labels: run `lmtx-search labels load FILE` first",
        state="bootstrapped",
    ),
    bad(
        "rollback before a deployment",
        "rollback",
        "no tagger is deployed: there is nothing to go back from",
        state="bootstrapped",
    ),
    bad(
        "retag before a deployment",
        "retag --index plain",
        "no tagger is deployed: `lmtx-search deploy` first",
        state="bootstrapped",
    ),
    bad(
        "engine that the node lacks",
        "bootstrap-index",
        "the node embedded has no faiss libraries: set opensearch.knn_engine to lucene",
        state="bootstrapped",
        environment={"LMTX_OPENSEARCH_KNN_ENGINE": "faiss"},
    ),
    # Labels
    bad(
        "label without an id",
        "labels load l.jsonl",
        "l.jsonl, line 2: field id: missing; each label needs an id of its own that does not change",
        files={"l.jsonl": LABEL + b'{"text": "Y"}\n'},
    ),
    bad(
        "id of two labels",
        "labels load l.jsonl",
        "l.jsonl, line 3: field id: 'x' is also on line 1; each label needs its own id",
        files={"l.jsonl": LABEL + b"\n" + LABEL},
    ),
    bad(
        "empty labels file",
        "labels load l.jsonl",
        "l.jsonl holds no labels",
        files={"l.jsonl": b""},
    ),
    bad(
        "labels that are not UTF-8",
        "labels load l.jsonl",
        "l.jsonl, line 2: not UTF-8 (byte 22)",
        files={"l.jsonl": LABEL + b'{"id": "y", "text": "\xe4"}\n'},
    ),
    bad(
        "labels that are no JSON",
        "labels load l.jsonl",
        "l.jsonl, line 2: not JSON: Expecting ':' delimiter at column 19",
        files={"l.jsonl": LABEL + b'{"id": "y", "text"\n'},
    ),
    bad(
        "labels with other columns",
        "labels load l.csv",
        "l.csv, line 1: the columns are key, name: id and text are required (optional: description, synonyms, broader)",
        files={"l.csv": b"key,name\nx,X\n"},
    ),
    bad(
        "label of 5 MB",
        "labels load l.jsonl",
        "l.jsonl, line 1: field text: longer than 1,024 characters; the text is the label's name: put explanations into description",
        files={"l.jsonl": b'{"id": "x", "text": "' + b"x" * 5_000_000 + b'"}\n'},
    ),
    bad(
        "id that is taken",
        "labels add web Else",
        "there is already a label web (Web browser): give the new label another id, or change the old one with `labels rename`",
    ),
    bad(
        "label that is not there",
        "labels rename nothing Else",
        "there is no label nothing: nothing was changed",
    ),
    bad(
        "label to retire that is not there",
        "labels retire nothing",
        "there is no label nothing: nothing was changed",
    ),
    # Documents
    bad(
        "document of 5 MB that is cut off",
        "docs load d.jsonl --strict",
        "d.jsonl, line 2: not JSON: Unterminated string starting at column 21; nothing was indexed",
        files={"d.jsonl": ONE + b'{"id": "2", "text": "' + b"x" * 5_000_000},
    ),
    bad(
        "ingest into a plain index",
        "ingest d.jsonl --index plain",
        "the index plain does not tag its documents: run `lmtx-search attach plain --text-field FIELD` first",
        files={"d.jsonl": ONE},
    ),
    bad(
        "ingest into the product's index",
        "ingest d.jsonl --index lmtx-runs",
        "lmtx-runs is lmtx-search's own index: name one of yours",
        files={"d.jsonl": ONE},
    ),
    bad(
        "attach a missing index",
        "attach missing --text-field text",
        "no index missing: check its name",
    ),
    bad(
        "attach the product's index",
        "attach lmtx-runs --text-field text",
        "lmtx-runs is lmtx-search's own index: attach one of yours",
    ),
    bad(
        "attach by a missing field",
        "attach plain --text-field body",
        "plain has no field body; its fields: text",
    ),
    bad("detach a missing index", "detach missing", "no index missing: check its name"),
    bad(
        "facets of a missing index",
        "facets --index missing",
        "no index missing at <url>: check its name",
    ),
    bad(
        "facets over no date",
        "facets --index articles --over month --time-field text",
        "articles has no date field text (--time-field); its date fields: tagging.at",
    ),
    bad(
        "web page of a missing index",
        "ui --index missing",
        "no index missing at <url>: check its name",
    ),
    bad(
        "dashboards of a missing index",
        "dashboards export --index missing",
        "no index missing at <url>: check its name",
    ),
    # Taggers
    bad("run that is not there", "deploy missing", "there is no training run missing"),
    bad(
        "a run, and none", "deploy missing --untrained", "give either RUN or --untrained, not both"
    ),
    bad(
        "an address that is no tagger",
        "deploy --untrained",
        "the program at <url> is not an lmtx-search tagger: set service.url",
        environment={"LMTX_SERVICE_URL": "<url>"},
    ),
    bad(
        "nothing to go back to",
        "rollback",
        "there is no tagger version before <tagger>: `lmtx-search taggers`",
    ),
    bad(
        "version that is not there",
        "rollback 20200101-000000-abcdef",
        "no tagger version 20200101-000000-abcdef in <data>/taggers: `lmtx-search deploy` first",
    ),
    bad("version that is in use", "rollback <tagger>", "the pipeline already tags with <tagger>"),
    bad(
        "tags since no version",
        "retag --index articles --since yesterday",
        "yesterday is not a tagger version: `lmtx-search taggers` lists them",
    ),
    bad(
        "retag a missing index",
        "retag --index missing",
        "no index missing at <url>: check its name",
    ),
    bad(
        "retag by a query that is none",
        "retag --index articles --query (",
        "the query '(' cannot be read: write it in OpenSearch's query string syntax, for instance title:chess AND year:>2020",
    ),
    bad(
        "tag with a missing version",
        "tag chess --tagger 20200101-000000-abcdef",
        "no tagger version 20200101-000000-abcdef in <data>/taggers: `lmtx-search deploy` first",
    ),
    # Judge and encoder
    bad(
        "model that Ollama lacks",
        "--model nothing judge --shortlist 3 --pairs-per-document 3",
        "<ollama> has no model nothing: run ollama pull nothing",
    ),
    bad(
        "no Ollama",
        "--ollama http://127.0.0.1:1 judge --shortlist 3 --pairs-per-document 3",
        "no Ollama at http://127.0.0.1:1 (cannot connect): start it (`ollama serve`, or `lmtx-search up`) or set ollama.hosts",
    ),
    bad(
        "more labels than there are",
        "judge",
        "a shortlist of 10 is longer than the label set of 5: lower --shortlist",
    ),
    bad(
        "encoder with pickled weights",
        "--encoder enc labels load l.jsonl",
        "enc has no *.safetensors, and pickled weights are not read: use another encoder",
        files={"l.jsonl": LABEL, "enc/config.json": b"{}", "enc/pytorch_model.bin": b"x"},
    ),
    bad(
        "encoder that is missing",
        "--encoder ./missing labels load l.jsonl",
        "no encoder folder ./missing: set encoder.name to a folder or a public name",
        files={"l.jsonl": LABEL},
    ),
    bad(
        "watch a missing index",
        "watch --index missing",
        "no index missing at <url>: check its name",
    ),
    bad(
        "history of a document of no index",
        "history --index missing 1",
        "no index missing at <url>: check its name",
    ),
    bad(
        "history of no document",
        "history --index articles missing",
        "there is no document missing in articles",
    ),
    bad(
        "gaps of no index",
        "labels gaps --index missing",
        "no index missing at <url>: check its name",
    ),
    bad(
        "history without a cluster",
        "history --index articles 1",
        "no OpenSearch at http://127.0.0.1:1: start one (`lmtx-search up`) or set opensearch.url (--url)",
        code=1,
        state="none",
    ),
    # Measuring
    bad(
        "gold for other documents",
        "evaluate d.jsonl --gold g.tsv",
        "none of the gold file's documents is among those to measure (the first: other): do the ids match?",
        files={"d.jsonl": ONE, "g.tsv": b"other\tweb\n"},
    ),
    bad(
        "gold of other labels",
        "evaluate d.jsonl --gold g.tsv",
        "none of the gold labels is in the label set (the first: other): do the ids match?",
        files={"d.jsonl": ONE, "g.tsv": b"1\tother\n"},
    ),
    bad(
        "gold that is no table",
        "evaluate d.jsonl --gold g.tsv",
        "g.tsv, line 1: a document id, a tab and a label id are expected",
        files={"d.jsonl": ONE, "g.tsv": b"1 web\n"},
    ),
    bad(
        "system that is none",
        "evaluate d.jsonl --gold g.tsv --system best",
        "no system 'best': there are bm25, frozen, tagger, tagger:VERSION, run and run:ID",
        files={"d.jsonl": ONE, "g.tsv": b"1\tweb\n"},
    ),
    bad(
        "measuring a missing run",
        "evaluate d.jsonl --gold g.tsv --system run:x",
        "there is no training run x",
        files={"d.jsonl": ONE, "g.tsv": b"1\tweb\n"},
    ),
    bad(
        "comparing a missing run",
        "compare d.jsonl --gold g.tsv --run x",
        "there is no training run x: `lmtx-search runs` lists them",
        files={"d.jsonl": ONE, "g.tsv": b"1\tweb\n"},
    ),
    bad(
        "comparator that is none",
        "compare d.jsonl --gold g.tsv --comparator best",
        "no comparator 'best': there are bm25, tfidf, tfidf-chars, frozen, centered, "
        "fusion, fusion-chars, frozen-words, maclr, rts, control, control-all, named, named-words, "
        "unjudged, ceiling, icxml, lmtx",
        files={"d.jsonl": ONE, "g.tsv": b"1\tweb\n"},
    ),
    bad(
        "study of no setting",
        "study nothing d.jsonl --gold g.tsv",
        "no study 'nothing': there are teacher, documents, negatives, shortlist, retrieval, cycles",
        files={"d.jsonl": ONE, "g.tsv": b"1\tweb\n"},
    ),
    bad(
        "report of no run",
        "report d.jsonl --gold g.tsv",
        "there is no training run to report on: `lmtx-search train` makes one",
        files={"d.jsonl": ONE, "g.tsv": b"1\tweb\n"},
    ),
    bad(
        "run to show that is missing",
        "runs show missing",
        "there is no run missing: `lmtx-search runs` lists them",
    ),
    bad(
        "judgments of nobody",
        "judgments export j.csv --judge nobody",
        "there are no judgments yet, and so none by nobody",
    ),
    bad("review of a missing file", "review missing.jsonl", "no such file: missing.jsonl"),
]
