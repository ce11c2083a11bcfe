"""The RealtimeKit dialect: Cloudflare's REST API over our meetings."""
