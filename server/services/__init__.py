"""Use cases: the only door to storage and to the live meetings."""
