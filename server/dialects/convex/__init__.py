"""The Convex dialect: functions of `meetings/webrtc/index` on the Convex wire."""
