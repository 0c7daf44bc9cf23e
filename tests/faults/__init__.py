"""One thing is killed or broken at each stage; the same command finishes the work all the same."""
