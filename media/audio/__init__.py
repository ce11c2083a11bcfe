"""Sound for programs: each speaker's PCM out of a room, PCM into it, decoded off the event loop."""
