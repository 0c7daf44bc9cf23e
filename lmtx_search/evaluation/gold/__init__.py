"""Gold tags: their sources, and which of them can be measured."""
