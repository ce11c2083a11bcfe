"""The packet plane: datagrams in, slots and taps out; no meeting, no negotiation."""
