"""A static encoder that reads documents in place of the encoder that it was distilled from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Student:
    """A static encoder, and how closely it follows its teacher on held-out documents.

    Labels are still embedded by the teacher, the encoder that the student was distilled from.

    Attributes:
        digest: of the static encoder.
        agreement: share of the documents on which both encoders rank the same label first.
        documents: number of held-out documents that were compared.
        judged: number of these on which the judge had answered about both first labels.
        yes, teacher_yes: share of the judged documents whose first label, by the student and by the
            teacher, the judge calls right (None: no document was judged).
    """

    digest: str
    agreement: float
    documents: int
    judged: int = 0
    yes: float | None = None
    teacher_yes: float | None = None

    def __str__(self) -> str:
        """Return the comparison in a few words."""
        said = (
            f"the same first label as the transformer on {self.agreement:.0%} of "
            f"{self.documents:,} held-out documents"
        )
        if self.yes is None or self.teacher_yes is None:
            return said
        return (
            f"{said}; the judge calls its first label right on {self.yes:.0%} of {self.judged:,} "
            f"judged ones ({self.teacher_yes:.0%} with the transformer)"
        )
