"""What changed since the last run: find a baseline, compare, group failures."""
