"""People's decisions on tags: the order of the queue, claims, and writing decisions."""
