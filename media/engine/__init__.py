"""The edge to aiortc and aioice: SDP, ICE, DTLS and the connection's life."""
