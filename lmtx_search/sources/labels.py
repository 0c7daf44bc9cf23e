"""Label sets from files of any format, and the rules that a label must follow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lmtx_search.errors import UserError
from lmtx_search.hierarchy import find_circle
from lmtx_search.progress import SILENT, Progress
from lmtx_search.records import Label
from lmtx_search.sources.annif import read_annif_labels
from lmtx_search.sources.label_formats import label_format
from lmtx_search.sources.label_names import SEPARATED, SEPARATOR, label_name
from lmtx_search.sources.label_rows import row_entries
from lmtx_search.sources.left_out import LeftOut
from lmtx_search.sources.lines import real_file
from lmtx_search.sources.skos import Thesaurus
from lmtx_search.sources.xmc_texts import read_xmc_labels

# The longest id that OpenSearch accepts.
_ID_BYTES = 512
# A label's text is written into every document that it tags.
_TEXT_CHARACTERS = 1024
# Between tagger and pipeline they mark a name that is not a tag (tagging/scoring/weights.py).
_RESERVED = ("\ue03e", "\ue040", "\ue025")
# A language as BCP 47 writes it: de, de-AT, zh-Hant.
_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*")

Fields = Mapping[str, Any]


def read_labels(
    path: Path, format: str | None = None, language: str | None = None
) -> Iterator[Label]:
    """Read labels in the order of the file; see :class:`LabelFile`."""
    return iter(LabelFile(path, format, language))


class LabelFile:
    """The labels of a file, which can be read repeatedly.

    A SKOS thesaurus is held in memory as a whole; other formats are read line by line.

    Args:
        path: a file, also ``.gz``; ``-``, standard input, of which a copy is kept until the process
            ends; or the folder of a data set of the Extreme Classification
            Repository.
        format: one of :data:`~lmtx_search.sources.label_formats.FORMATS`; None: by the name of
            the file.
        language: the language of a thesaurus's labels; or several, separated by commas. The first
            one is that of the texts, and names in the others are translations.

    Raises:
        UserError: on creation, the name does not determine the format. On reading, the first error,
            with its file, line and field: a line is not an object, a label has no id or text, a
            field has a wrong type, or two labels have the same id.
    """

    def __init__(
        self,
        path: Path,
        format: str | None = None,
        language: str | None = None,
        progress: Progress = SILENT,
    ) -> None:
        self.path = path
        self.notes: list[str] = []
        """Notes about the file, one sentence each; complete when it has been read."""
        self.left_out = LeftOut()
        """Records that the last reading left out, by reason."""
        self.format = label_format(path, format)
        if language is not None and self.format not in ("skos", "annif"):
            raise UserError(f"{path}: --language is for thesauri (SKOS, Annif's CSV)")
        self._language = language
        self._progress = progress
        self._thesaurus: Thesaurus | None = None

    def __iter__(self) -> Iterator[Label]:
        seen: dict[str, str] = {}
        self.left_out = LeftOut()
        for where, fields in self._entries():
            label = make_label(fields, where)
            if label.id in seen:
                raise UserError(
                    f"{where}: field id: {label.id!r} is also on "
                    f"{seen[label.id].removeprefix(f'{self.path}, ')}; each label needs its own id"
                )
            seen[label.id] = where
            yield label

    def _entries(self) -> Iterable[tuple[str, Fields]]:
        real_file(self.path)  # standard input is read several times
        if self.format == "skos":
            if self._thesaurus is None:
                self._thesaurus = Thesaurus.read(self.path, self._language, self._progress)
                self.notes = self._thesaurus.notes
            self.left_out = self._thesaurus.left_out
            return self._thesaurus.entries
        if self.format == "annif":
            return read_annif_labels(self.path, self._language, self.left_out, self.notes)
        if self.format == "xmc":
            return read_xmc_labels(self.path, self.notes, _TEXT_CHARACTERS)
        return row_entries(self.path, self.format, self.notes)


def check_labels(labels: LabelFile, progress: Progress = SILENT) -> list[str]:
    """Read a whole file, before anything is created for its labels.

    Returns:
        Notes for the user about the file, one sentence each.

    Raises:
        UserError: as :class:`LabelFile`, or the file holds no labels.
    """
    broader: dict[str, tuple[str, ...]] = {}
    texts: Counter[str] = Counter()
    with progress.stage(f"Check {labels.path.name}", unit="labels") as advance:
        for label in labels:
            broader[label.id] = label.broader
            texts[label.text] += 1
            advance(1)
    if not broader:
        but = "; ".join(labels.left_out.lines())
        raise UserError(f"{labels.path} holds no labels{f'. {but}' if but else ''}")
    notes = [*labels.left_out.lines(), *dict.fromkeys(labels.notes)]
    if shared := [text for text, count in texts.items() if count > 1]:
        notes.append(
            f"Texts that several labels share: {len(shared):,}, for example {min(shared)}: the "
            "tags of these labels contain text and id"
        )
    unknown = {above for ids in broader.values() for above in ids} - broader.keys()
    if unknown:
        notes.append(
            f"Broader labels that are missing in it: {len(unknown):,}, for example {min(unknown)}"
        )
    if circle := find_circle(broader):
        notes.append(f"Labels are broader than themselves: {' < '.join(circle)}")
    return notes


def make_label(fields: Fields, where: str) -> Label:
    """Return the label of a record.

    Args:
        where: the position of the record, for an error: "labels.csv, line 3".

    Raises:
        UserError: a field is missing or has a wrong value.
    """

    def wrong(field: str, problem: str) -> UserError:
        return UserError(f"{where}: field {field}: {problem}")

    id_ = fields.get("id")
    if isinstance(id_, int) and not isinstance(id_, bool):
        id_ = str(id_)
    if not isinstance(id_, str) or not id_.strip():
        raise wrong("id", "missing; each label needs an id of its own that does not change")
    if len(id_.encode("utf-8", "replace")) > _ID_BYTES:
        raise wrong("id", f"longer than {_ID_BYTES} bytes")
    if SEPARATOR in id_:  # the id is added to the text if labels share it
        raise wrong("id", f"contains {SEPARATED}")
    text = fields.get("text")
    text = label_name(_clean(text)) if isinstance(text, str) else ""
    if not text:
        raise wrong("text", f"missing or empty in label {id_!r}; a label needs a text")
    if len(text) > _TEXT_CHARACTERS:
        raise wrong(
            "text",
            f"longer than {_TEXT_CHARACTERS:,} characters; the text is the label's name: put "
            "explanations into description",
        )
    if text.startswith(_RESERVED):
        raise wrong("text", f"begins with U+{ord(text[0]):X}, which is not a letter")
    if SEPARATOR in text:
        raise wrong("text", f"contains {SEPARATED}")
    description = fields.get("description")
    if description is None:
        description = ""
    if not isinstance(description, str):
        raise wrong("description", "must be a text")
    synonyms = _texts(fields.get("synonyms"), lambda name: label_name(_clean(name)))
    if synonyms is None:
        raise wrong("synonyms", "must be a list of texts (in CSV: one text, separated by |)")
    broader = _texts(_ids(fields.get("broader")), _clean)
    if broader is None:
        raise wrong("broader", "must be a list of label ids (in CSV: one text, separated by |)")
    translations = _translations(fields.get("translations"))
    if translations is None:
        raise wrong("translations", 'must be names by language: {"de": "Schach", "fr": "échecs"}')
    if any(len(name) > _TEXT_CHARACTERS for name in translations.values()):
        raise wrong("translations", f"a name is longer than {_TEXT_CHARACTERS:,} characters")
    # The encoder and the words read synonyms, so a name in any language finds the label.
    others = [name for name in translations.values() if name != text]
    synonyms = (*synonyms, *(name for name in dict.fromkeys(others) if name not in synonyms))
    translated = tuple(sorted(translations.items()))
    return Label(_clean(id_), text, _clean(description), synonyms, broader, translated)


def _ids(value: Any) -> Any:
    """Return ids as texts, as the id of a label may be a whole number."""
    if isinstance(value, list | tuple):
        return [_ids(one) for one in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _texts(value: Any, cleaned: Callable[[str], str]) -> tuple[str, ...] | None:
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split("|")
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        return None
    return tuple(clean for item in value if (clean := cleaned(item)))


def _translations(value: Any) -> dict[str, str] | None:
    if not value:
        return {}
    if not isinstance(value, Mapping):
        return None
    found = {}
    for language, name in value.items():
        tag = str(language).lower()
        cleaned = label_name(_clean(name)) if isinstance(name, str) else ""
        if not cleaned or not _LANGUAGE.fullmatch(tag):
            return None
        found[tag] = cleaned
    return found


def _clean(text: str) -> str:
    """Strip blanks; replace lone surrogates, which neither the cluster nor a tokenizer accepts."""
    return text.strip().encode("utf-16", "surrogatepass").decode("utf-16", "replace")
