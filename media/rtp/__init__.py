"""Facts about RTP, its payloads and its arithmetic; pure."""
