"""What the command line does, one module a noun; imported when a command needs it."""
