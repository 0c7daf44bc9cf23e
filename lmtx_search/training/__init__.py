"""How the bi-encoder learns from the judge: one LMTX cycle. Needs the extra ``train``."""
