"""Distils a trained encoder into a static one: a table with one vector for each token.

The static encoder (the student) reads a document as the mean of its tokens' vectors, which takes a
hundredth of the time. Its embeddings are compared with the same embeddings of labels, which remain
those of the trained encoder (the teacher). It learns from the teacher alone, on documents without
answers: neither the judge nor gold tags are needed.

- ``examples`` reads documents, passages and single tokens with the teacher.
- ``fitting`` fits the table (torch).
- ``fidelity`` compares student and teacher on held-out documents, and moves the threshold and the
  calibration to the student's scores.
- ``distil`` does all of this once and keeps the result in the cache.
"""
