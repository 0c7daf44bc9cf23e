"""The tagger: its versions, and the HTTP service that runs them."""
