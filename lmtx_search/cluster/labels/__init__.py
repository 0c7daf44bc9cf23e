"""The label index: versions behind an alias, edits of single labels, search."""
