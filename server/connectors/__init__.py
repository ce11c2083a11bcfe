"""How a bot gets into a meeting, here or elsewhere: links, one port, one adapter a platform."""
