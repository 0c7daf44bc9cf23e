"""Gold tags: their files, and which of them can be measured."""
