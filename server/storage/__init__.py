"""Where durable facts live: SQL rows and files beneath one root."""
