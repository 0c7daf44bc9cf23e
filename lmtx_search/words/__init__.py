"""Evidence from words: how much of a label a document says literally.

An encoder compares meanings and misses what a name says exactly: "Tariff preferences" is near to
everything about trade. Words are the opposite: only what is written counts. The two err on
different labels, so the score of a label is its cosine similarity plus weighted evidence from words
(:class:`lmtx_search.words.weights.WordWeights`). The words are the encoder's own tokens, so that
every language and script that the encoder reads has them.
"""
