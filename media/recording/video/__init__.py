"""Recorded pictures: packets of a camera or a screen, written as they were sent."""
