"""Preset documents: the complete default, the standard ones, and lenient input over them. Pure."""

import copy
from collections.abc import Mapping
from typing import Final

Document = dict[str, object]

_CONFIG: Final[Document] = {
    "view_type": "GROUP_CALL",
    "max_screenshare_count": 1,
    "max_video_streams": {"desktop": 16, "mobile": 6},
    "media": {
        "video": {"quality": "hd", "frame_rate": 30, "simulcast": True},
        "screenshare": {"quality": "hd", "frame_rate": 15},
        "audio": {"enable_high_bitrate": False, "enable_stereo": False},
    },
}
_PERMISSIONS: Final[Document] = {
    "accept_waiting_requests": False,
    "can_accept_production_requests": False,
    "can_change_participant_permissions": False,
    "can_edit_display_name": True,
    "can_livestream": False,
    "can_record": False,
    "can_spotlight": False,
    "chat": {
        "private": {"can_receive": True, "can_send": True, "files": True, "text": True},
        "public": {"can_send": True, "files": True, "text": True},
    },
    "connected_meetings": {
        "can_alter_connected_meetings": False,
        "can_switch_connected_meetings": False,
        "can_switch_to_parent_meeting": False,
    },
    "disable_participant_audio": False,
    "disable_participant_screensharing": False,
    "disable_participant_video": False,
    "hidden_participant": False,
    "kick_participant": False,
    "media": {
        "audio": {"can_produce": "ALLOWED"},
        "video": {"can_produce": "ALLOWED"},
        "screenshare": {"can_produce": "ALLOWED"},
    },
    "pin_participant": False,
    "plugins": {"can_close": False, "can_edit_config": False, "can_start": False, "config": {}},
    "polls": {"can_create": False, "can_view": True, "can_vote": True},
    "recorder_type": "NONE",
    "show_participant_list": True,
    "waiting_room_type": "SKIP",
}
_COLORS: Final[Document] = {
    "background": {
        "600": "#3b3b40", "700": "#2b2b30", "800": "#202024", "900": "#151518", "1000": "#0b0b0d",
    },
    "brand": {
        "300": "#9db8ff", "400": "#7296ff", "500": "#4a74f5", "600": "#325bd6", "700": "#2446ab",
    },
    "danger": "#e5484d",
    "success": "#30a46c",
    "text": "#f4f4f5",
    "text_on_brand": "#ffffff",
    "video_bg": "#1a1a1d",
    "warning": "#f5a524",
}  # fmt: skip
_UI: Final[Document] = {
    "design_tokens": {
        "border_radius": "rounded",
        "border_width": "thin",
        "spacing_base": 4,
        "theme": "dark",
        "colors": _COLORS,
    }
}
DEFAULT: Final[Document] = {"config": _CONFIG, "permissions": _PERMISSIONS, "ui": _UI}
PARTS: Final = ("config", "permissions", "ui")
_OPEN: Final = frozenset({"plugins.config"})
"""Members with keys of the client's own."""
_OPTIONAL: Final[Mapping[str, frozenset[str]]] = {
    "config": frozenset({"livestream_viewer_qualities"}),
    "permissions": frozenset(
        {
            "accept_stage_requests",
            "is_recorder",
            "stage_access",
            "stage_enabled",
            "transcription_enabled",
        }
    ),
    "ui.design_tokens": frozenset({"font_family", "google_font", "logo"}),
}


def complete(given: Mapping[str, object], base: Mapping[str, object] = DEFAULT) -> Document:
    """A whole document: what is given over a base; unknown keys and wrong kinds are dropped."""
    return {part: _merged(base.get(part, DEFAULT[part]), given.get(part), part) for part in PARTS}


def _merged(base: object, given: object, where: str) -> object:
    if not isinstance(base, dict):
        kinds = (int, float) if isinstance(base, int | float) else type(base)
        alike = isinstance(given, bool) == isinstance(base, bool)
        return given if alike and isinstance(given, kinds) else base
    result = copy.deepcopy(base)
    if not isinstance(given, dict):
        return result
    if where.endswith(tuple(_OPEN)):
        return {**result, **given}
    optional = _OPTIONAL.get(where, frozenset())
    for name, value in given.items():
        if name in base:
            result[name] = _merged(base[name], value, f"{where}.{name}")
        elif name in optional and value is not None:
            result[name] = value
    return result


_ALL: Final[Document] = {
    **dict.fromkeys(
        (
            "accept_waiting_requests",
            "can_accept_production_requests",
            "can_change_participant_permissions",
            "can_record",
            "can_spotlight",
            "disable_participant_audio",
            "disable_participant_screensharing",
            "disable_participant_video",
            "kick_participant",
            "pin_participant",
        ),
        True,
    ),
    "connected_meetings": {
        "can_alter_connected_meetings": True,
        "can_switch_connected_meetings": True,
        "can_switch_to_parent_meeting": True,
    },
    "plugins": {"can_close": True, "can_edit_config": True, "can_start": True},
    "polls": {"can_create": True},
}
_SILENT: Final[Document] = {
    "media": {kind: {"can_produce": "NOT_ALLOWED"} for kind in ("audio", "video", "screenshare")}
}
_GUEST: Final[Document] = {
    "media": {"screenshare": {"can_produce": "NOT_ALLOWED"}},
    "waiting_room_type": "SKIP_ON_ACCEPT",
}


def _standard(view: str, permissions: Document) -> Document:
    return complete({"config": {"view_type": view}, "permissions": permissions})


STANDARD: Final[Mapping[str, Document]] = {
    "group_call_host": _standard("GROUP_CALL", _ALL),
    "group_call_participant": _standard("GROUP_CALL", {}),
    "group_call_guest": _standard("GROUP_CALL", _GUEST),
    "webinar_presenter": _standard("WEBINAR", _ALL),
    "webinar_viewer": _standard("WEBINAR", _SILENT),
    "livestream_host": _standard("LIVESTREAM", {**_ALL, "can_livestream": True}),
    "livestream_viewer": _standard("LIVESTREAM", _SILENT),
}
"""What every app begins with; integrators rely on these names."""
