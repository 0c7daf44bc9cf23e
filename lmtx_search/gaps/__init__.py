"""What a label set lacks, and what it has too much of, seen from the documents of an index."""
