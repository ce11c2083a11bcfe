"""Every dialect that the process serves."""

from server.dialects.buddy.routes import add_routes as add_buddy
from server.dialects.convex.routes import add_routes as add_convex
from server.dialects.realtimekit.routes import add_routes as add_realtimekit

MOUNTS = (add_convex, add_realtimekit, add_buddy)
