"""Comments on pull and merge requests: where they go, and what is in them."""
