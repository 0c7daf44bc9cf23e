"""How a static encoder is distilled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Distillation:
    """How a static encoder is distilled.

    Attributes:
        texts: parts of documents to learn from. If there are fewer windows of documents, passages
            of them are added; more windows are all used.
        passages_per_window: the largest number of passages of a window.
        shortest_passage: tokens of a passage, at least.
        held_out_share, most_held_out: the documents that do not teach. One half of them chooses the
            epoch, the other one is measured.
        temperature: of the softmax over labels, in teacher and student.
        labels: with more labels, each step compares with the nearest ones of its examples and with
            others, drawn at random, so many in all.
        dropout: share of the tokens that are left out of an example.
        decay: share of the way back to the start that a table goes with a step, relative to the
            learning rate.
        seed: of passages, order and dropout.
    """

    epochs: int = 8
    batch_size: int = 256
    learning_rate: float = 5e-3
    texts: int = 6_000
    passages_per_window: int = 4
    shortest_passage: int = 8
    held_out_share: float = 0.1
    most_held_out: int = 600
    temperature: float = 0.05
    labels: int = 4_096
    dropout: float = 0.2
    decay: float = 1.0
    seed: int = 0


LEAST_DOCUMENTS = 200
"""From fewer documents, a static encoder learns too little."""
