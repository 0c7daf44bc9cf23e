"""Runs docs/python.ipynb with real servers and keeps its output.

    python bench/notebook.py FOLDER --data-dir D

FOLDER holds topics.csv, old.csv and new.csv of docs/tutorial.md, and its lmtx-search.toml, with the
labels and documents loaded; D is the data folder of a running
`lmtx-search up`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "docs" / "python.ipynb"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data-dir", type=Path, required=True)
    given = parser.parse_args()
    os.environ["LMTX_DATA_DIR"] = str(given.data_dir.absolute())
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(given.folder)}}
    try:
        NotebookClient(notebook, timeout=600, resources=resources, coalesce_streams=True).execute()
    finally:  # the output before an error is kept
        for cell in notebook.cells:
            # Times and kernels are of no use to a reader.
            cell.metadata.pop("execution", None)
            # Progress bars are useless in a stored notebook, and warnings come from Jupyter itself.
            if "outputs" in cell:
                cell.outputs = [one for one in cell.outputs if one.get("name") != "stderr"]
        nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    main()
