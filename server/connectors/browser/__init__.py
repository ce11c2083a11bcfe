"""Meetings of other sites: a browser goes there; what it hears is published to a mirror here."""
