from types import SimpleNamespace

from server.banner import lines
from server.config import Settings


def shown(advertise: tuple[str, ...], udp_port: int = 40000, **groups: object) -> str:
    settings = Settings.model_validate(groups)
    app = SimpleNamespace(
        settings=settings,
        meetings=SimpleNamespace(public_url=settings.public_url),
        engine=SimpleNamespace(udp_port=udp_port),
        dev_key="rt_dev" if settings.dev else None,
    )
    return "\n".join(lines(app, advertise, 0.94))


def test_development_shows_link_key_port_and_limits():
    text = shown(("127.0.0.1", "::1"), dev=True)
    assert "Open        http://localhost:8080/" in text
    assert "API key     rt_dev" in text
    assert "udp 40000 on 127.0.0.1, ::1" in text
    assert "Not reachable from other machines" in text
    assert "taken" not in text
    assert text.endswith("ready in 0.9 s")


def test_another_media_port_is_explained():
    assert "(udp 40000 is taken)" in shown(("127.0.0.1",), 40003, dev=True)
    assert "taken" not in shown(("127.0.0.1",), 51234, dev=True, rtc={"udp_port": 0})


def test_outside_development_no_key_is_shown():
    text = shown(("203.0.113.5",), http={"public_url": "https://meet.example.org"})
    assert "rt_dev" not in text
    assert "DEVELOPMENT" not in text
    assert "https only" not in text
    assert "reachable" not in text


def test_what_would_not_work_is_said():
    text = shown(("127.0.0.1",))
    assert "Media is not reachable from other machines" in text
    assert "only over https" in text
