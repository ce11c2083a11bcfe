"""The speech engines; each is imported by a worker process alone."""
