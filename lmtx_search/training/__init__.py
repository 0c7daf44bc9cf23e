"""Training: cycles of shortlisting, judging, fine-tuning and measuring (LMTX, arXiv 2406.09288).

A judgment keeps the same name in all files of this room::

    document -- encoder + label index --> shortlist          shortlist.py, centering.py
                                              |
                                        pair (document, label)
                                              |  judge       teacher/judging.py
                                              v
                                            p_yes            what the judge said, in [0, 1]
                                              |  nearness    targets/judge_calibration.py
                                              |  people      teacher/human_feedback.py
                                              v
                                          evidence           how likely the label is right
                          +-------------------+------------------+   targets/learning_targets.py
                          v                   v                  v
                      positives             spared            refused
                 at least yes_from    perhaps right, or    asked, and not
                 and near the best      not asked          a positive
                          |                   |                  |   student/training_data.py
                          +-- never_negative <+                  |   (ids become positions)
                          |        |                             v
                          v        |                       extra labels of strategies
                    steps: one     |                             |   negatives/, positives/
                 positive a visit  |                             |
                          +--------+------> loss <---------------+   student/loss.py

``p_yes``, ``evidence`` and ``nearness`` are numbers by document id, then by label id
(:data:`lmtx_search.records.PYes`). ``positives`` and ``spared`` are sets of label ids by document
id. ``never_negative`` holds the positives and the spared labels of each document: a document is
never pushed away from any of them.

Documents that the judge is not asked about teach too. Before the first cycle, those that name a
label do (``named_documents.py``, ``named_stage.py``). In each cycle, the encoder of the previous
cycle and words score all documents (``scored_documents.py``). Similar documents, frequencies and
the evidence correct these scores (``targets/soft_targets.py``), and the next encoder learns them
as probabilities (``student/distillation.py``) in place of the steps above. All scores of a trained
encoder are its cosine similarity plus evidence from words (``word_scoring.py``,
``lmtx_search.words``).

``run.py`` is one training, ``curriculum.py`` its loop over cycles and ``cycle.py`` one cycle.
"""
