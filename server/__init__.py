"""The process: composition root, HTTP API, dialects, storage, authentication, command line."""
