"""Input that nobody meant: what each reader makes of it."""
