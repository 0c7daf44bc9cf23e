"""Studies by name, one a file: those of the paper (arXiv 2406.09288), and of shortlists."""

from __future__ import annotations

from lmtx_search.evaluation.studies.base import Point, Study
from lmtx_search.evaluation.studies.cycles import CYCLES
from lmtx_search.evaluation.studies.documents import DOCUMENTS
from lmtx_search.evaluation.studies.negatives import NEGATIVE_SAMPLING
from lmtx_search.evaluation.studies.retrieval import RETRIEVAL
from lmtx_search.evaluation.studies.shortlist import SHORTLIST
from lmtx_search.evaluation.studies.teacher import TEACHER

__all__ = ["STUDIES", "Point", "Study"]

STUDIES: dict[str, Study] = {
    "teacher": TEACHER,
    "documents": DOCUMENTS,
    "negatives": NEGATIVE_SAMPLING,
    "shortlist": SHORTLIST,
    "retrieval": RETRIEVAL,
    "cycles": CYCLES,
}
