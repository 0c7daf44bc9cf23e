"""Measures judged pairs per second for several ways to ask, and compares their answers.

All ways use the same model and pairs. They take turns, each with a part of the pairs, so that other
work on the machine affects all of them. `naive` asks one question after another through the ollama
package's `generate`, with the paper's sentence and up to ten tokens of answer. It gets the same
part of the document as the others, which is to its advantage. On a busy machine, the processor
seconds of a pair are a better measure than elapsed time. Those of Ollama are counted if `--server`
names the process of `ollama serve`. Example:

    python bench/judge.py test.jsonl labels.jsonl --documents 12 --ways naive,ours,llamacpp
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import click
import ollama

from lmtx_search.judges import ollama as ollama_judge
from lmtx_search.judges.answers import p_yes
from lmtx_search.judges.base import Judge, Pair
from lmtx_search.judges.chat import CHATML
from lmtx_search.judges.llamacpp import LlamaCppJudge
from lmtx_search.judges.ollama import OllamaJudge
from lmtx_search.judges.prompts import DEFAULT_PROMPT, load_prompt, shorten
from lmtx_search.records import BadLine
from lmtx_search.settings import JudgeSettings, OllamaSettings, load_settings
from lmtx_search.sources import read_documents, read_labels

Ask = Callable[[list[Pair]], dict[tuple[str, str], float | None]]
"""Answers pairs: P(yes) by document id and label id."""

PROMPT = load_prompt(DEFAULT_PROMPT)


@dataclass(frozen=True)
class Setup:
    """Addresses and files of the judges."""

    ollama: OllamaSettings
    judge: JudgeSettings


def naive(setup: Setup) -> Ask:
    """One request after another, the paper's sentence, ten tokens."""
    client = ollama.Client(setup.ollama.hosts[0])

    def ask(pairs: list[Pair]) -> dict[tuple[str, str], float | None]:
        for pair in pairs:
            text = shorten(pair.document.text, PROMPT.document_characters)
            prompt = (
                f'document = "{text}". Is the tag "{pair.label.text}" relevant to the document? '
                "answer yes or no"
            )
            client.generate(setup.ollama.model, prompt, options={"num_predict": 10})
        return {}

    return ask


def in_flight(count: int, prompt: str = DEFAULT_PROMPT, **options: int) -> Callable[[Setup], Ask]:
    """The product's judge with other numbers of requests, questions or options."""

    def make(setup: Setup) -> Ask:
        judge = OllamaJudge(setup.ollama, load_prompt(prompt))
        judge._options.update(options)

        def ask(pairs: list[Pair]) -> dict[tuple[str, str], float | None]:
            ollama_judge.IN_FLIGHT = count
            return _answers(judge, pairs)

        return ask

    return make


def one_by_one(setup: Setup, call: Callable[[ollama.Client, Pair, str], float | None]) -> Ask:
    """Ask with a function of a client and a pair, one after another."""
    client = ollama.Client(setup.ollama.hosts[0])

    def ask(pairs: list[Pair]) -> dict[tuple[str, str], float | None]:
        return {_key(p): call(client, p, setup.ollama.model) for p in pairs}

    return ask


OPTIONS = {"num_predict": 1, "temperature": 0, "seed": 0, "num_ctx": 1024}


def raw(top: int, prompt: str = DEFAULT_PROMPT) -> Callable[[Setup], Ask]:
    """`generate` with a raw prompt; ``top`` candidates, 0: only the word itself."""

    def call(client: ollama.Client, pair: Pair, model: str) -> float | None:
        text = load_prompt(prompt).render(pair.document.text, pair.label, CHATML)
        found = client.generate(
            model, text, raw=True, logprobs=True, top_logprobs=top, options=OPTIONS
        )
        return _read(found.logprobs)

    return lambda setup: one_by_one(setup, call)


def chat(client: ollama.Client, pair: Pair, model: str) -> float | None:
    """The chat endpoint, which reads the model's metadata twice per call instead of three times."""
    content = PROMPT.show_document(pair.document.text) + PROMPT.ask_label(pair.label)
    messages = [
        {"role": "system", "content": PROMPT.system},
        {"role": "user", "content": content},
    ]
    found = client.chat(model, messages, logprobs=True, top_logprobs=20, options=OPTIONS)
    return _read(found.logprobs)


def llamacpp(setup: Setup) -> Ask:
    """The same GGUF file in this process."""
    judge = LlamaCppJudge(setup.judge, PROMPT)
    return lambda pairs: _answers(judge, pairs)


def llamacpp_one_by_one(setup: Setup) -> Ask:
    """The same, each label of a document in a batch of its own."""
    judge = LlamaCppJudge(setup.judge, PROMPT)

    def ask(pairs: list[Pair]) -> dict[tuple[str, str], float | None]:
        return {key: p for pair in pairs for key, p in _answers(judge, [pair]).items()}

    return ask


WAYS: dict[str, Callable[[Setup], Ask]] = {
    "naive": naive,
    "ours": in_flight(2),
    "librarian": in_flight(2, prompt="librarian"),
    "one-in-flight": in_flight(1),
    "three-in-flight": in_flight(3),
    "one-thread": in_flight(2, num_thread=1),
    "raw": raw(20),
    "raw-no-candidates": raw(0),
    "chat": lambda setup: one_by_one(setup, chat),
    "llamacpp": llamacpp,
    "llamacpp-one-by-one": llamacpp_one_by_one,
}


@click.command()
@click.argument("documents_file", type=click.Path(path_type=Path))
@click.argument("labels_file", type=click.Path(path_type=Path))
@click.option("--documents", default=12, show_default=True)
@click.option("--labels", "per_document", default=10, show_default=True, help="Pairs per document.")
@click.option("--ways", default="naive,ours", show_default=True, help=f"Of {', '.join(WAYS)}.")
@click.option(
    "--turns",
    default=2,
    show_default=True,
    help="Number of parts into which the pairs are divided.",
)
@click.option("--ollama", "hosts", help="Ollama servers, comma separated.")
@click.option("--model", help="The judge's model.")
@click.option("--gguf", help="The model's file, for llamacpp.")
@click.option("--server", type=int, help="Process id of `ollama serve`, to count its work.")
def main(
    documents_file: Path,
    labels_file: Path,
    documents: int,
    per_document: int,
    ways: str,
    turns: int,
    hosts: str | None,
    model: str | None,
    gguf: str | None,
    server: int | None,
) -> None:
    """Print rates, ratios to the first way, and differences between answers, as JSON."""
    settings = load_settings(
        flags={"ollama.hosts": hosts, "ollama.model": model, "judge.gguf": gguf}
    )
    setup = Setup(replace_hosts(settings.ollama), settings.judge)
    labels = list(read_labels(labels_file))
    found = (d for d in read_documents(documents_file) if not isinstance(d, BadLine) and d.text)
    draw = random.Random(0)
    cases = [
        [Pair(document, label, r) for r, label in enumerate(draw.sample(labels, per_document))]
        for document in islice(found, documents)
    ]
    asks = {name: WAYS[name](setup) for name in ways.split(",")}
    seconds = dict.fromkeys(asks, 0.0)
    processor = dict.fromkeys(asks, 0.0)
    answers: dict[str, dict[tuple[str, str], float | None]] = {name: {} for name in asks}
    for turn in range(turns):
        part = [pair for case in cases[turn::turns] for pair in case]
        for name, ask in asks.items():
            # With another context size or number of threads, the server loads the model again.
            # This is not counted, and the document that warms it up is not part of the pairs.
            ask([replace(part[0], document=replace(part[0].document, text="warm"))])
            started, worked = time.monotonic(), _processor_seconds(server)
            answers[name].update(ask(part))
            seconds[name] += time.monotonic() - started
            processor[name] += _processor_seconds(server) - worked
    pairs = sum(map(len, cases))
    first = next(iter(asks))
    reference = next((name for name in asks if answers[name]), first)
    click.echo(
        json.dumps(
            {
                "pairs": pairs,
                f"times_{first}": {n: round(seconds[first] / s, 2) for n, s in seconds.items()},
                "pairs_per_second": {n: round(pairs / s, 2) for n, s in seconds.items()},
                "processor_seconds_of_a_pair": {
                    n: round(s / pairs, 3) for n, s in processor.items()
                },
                f"p_yes_against_{reference}": {
                    name: _differences(answers[reference], answers[name])
                    for name in asks
                    if answers[name] and name != reference
                },
            },
            indent=1,
        )
    )


def replace_hosts(settings: OllamaSettings) -> OllamaSettings:
    """Keep one host, because ways are compared on one."""
    return settings.model_copy(update={"hosts": settings.hosts[:1]})


def _processor_seconds(server: int | None) -> float:
    """Return the processor time of this process, and of the server with its runners (Linux)."""
    ticks = 0
    of = [] if server is None else [server]
    while of:
        process = Path("/proc") / str(of.pop())
        ticks += sum(map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:13]))
        of += [
            int(id_) for task in process.glob("task/*/children") for id_ in task.read_text().split()
        ]
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _answers(judge: Judge, pairs: list[Pair]) -> dict[tuple[str, str], float | None]:
    return {_key(answer.pair): answer.p_yes for answer in judge.ask(pairs)}


def _key(pair: Pair) -> tuple[str, str]:
    return pair.document.id, pair.label.id


def _read(logprobs: object) -> float | None:
    if not logprobs:
        return None
    first = logprobs[0]  # type: ignore[index]
    return p_yes((t.token, t.logprob) for t in first.top_logprobs or [first])


def _differences(
    one: dict[tuple[str, str], float | None], other: dict[tuple[str, str], float | None]
) -> dict[str, float | int]:
    apart = [
        abs(a - b)
        for key in one
        if (a := one[key]) is not None and (b := other.get(key)) is not None
    ]
    return {
        "both": len(apart),
        "largest": round(max(apart, default=0.0), 3),
        "mean": round(sum(apart) / max(1, len(apart)), 4),
    }


if __name__ == "__main__":
    main()
