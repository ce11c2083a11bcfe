"""Who is asking: tokens, issuers, API keys and what they may do."""
