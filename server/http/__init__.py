"""The HTTP application: registry, problems, SSE, middleware, web assets."""
