"""The media plane: packets, slots, quality, recording. It knows tracks, never meetings."""
