"""Evidence from words: how much of a label a document says literally.

An encoder compares meanings, and it misses what a name says exactly: "Tariff preferences" is near to
all that is about trade. Words say the opposite: they know only what is written. Both err on different
labels, so the score of a label is its cosine similarity plus weighted evidence from words
(:class:`lmtx_search.words.weights.WordWeights`). The words are the encoder's own tokens, which every
language and script has.
"""
