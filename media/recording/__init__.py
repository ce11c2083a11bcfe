"""Encoded packets into files that survive a crash."""
