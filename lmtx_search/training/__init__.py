"""One cycle of LMTX: shortlist, judge, fine-tune."""
