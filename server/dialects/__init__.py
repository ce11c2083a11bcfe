"""Foreign protocols spoken to existing clients; each dialect a stranger to the others."""
