"""Gold tags, for measuring only: nothing is ever trained on them."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from lmtx_search.errors import LmtxError, UserError


def read_gold(path: Path) -> dict[str, set[str]]:
    """Read a TSV file (document id, tab, label id; also ``.gz``) as label ids by document id.

    Raises:
        UserError: no such file, or a line that is not two ids.
        LmtxError: a damaged gzip file.
    """
    gold: dict[str, set[str]] = {}
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                document, tab, label = line.rstrip("\r\n").partition("\t")
                if not tab or not document or not label or "\t" in label:
                    raise UserError(
                        f"{path}, line {number}: a document id, a tab and a label id are expected"
                    )
                gold.setdefault(document, set()).add(label)
    except FileNotFoundError as error:
        raise UserError(f"no such file: {path}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise LmtxError(f"{path} is damaged (gzip: {error}): get it again") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    return gold
