"""How good a tagger is: measures with their uncertainty, and what it is compared with."""
