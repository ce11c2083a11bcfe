"""What `roomtone serve` prints when it is ready, line by line. Pure."""

from collections.abc import Iterator, Sequence

from server.about import version_text
from server.addresses import is_reachable
from server.services.context import App


def lines(app: App, advertise: Sequence[str], seconds: float) -> Iterator[str]:
    """The lines of the banner.

    Args:
        app: The running parts.
        advertise: Addresses that browsers send media to.
        seconds: How long the start took.
    """
    settings, url = app.settings, app.meetings.public_url
    if settings.dev:
        yield (
            f"roomtone {version_text()}   DEVELOPMENT MODE: no sign-in, "
            f"data in {settings.storage.data}"
        )
    else:
        yield f"roomtone {version_text()}   data in {settings.storage.data}"
    yield f"  Open        {url}/"
    yield f"  API docs    {url}/docs"
    if app.dev_key is not None:
        yield f"  API key     {app.dev_key}    (Authorization: Bearer {app.dev_key})"
        yield "  User token  roomtone token user --sub user_01 --name Ada"
    yield f"  Media       udp {app.engine.udp_port} on {', '.join(advertise)}"
    if settings.dev and app.engine.udp_port != settings.rtc.udp_port and settings.rtc.udp_port:
        yield f"              (udp {settings.rtc.udp_port} is taken)"
    if settings.dev and not is_reachable(settings.hosts) and not is_reachable(advertise):
        yield "  Not reachable from other machines: pages and media are on this machine only."
    elif not is_reachable(advertise):
        yield "  Media is not reachable from other machines: set rtc.bind and rtc.advertise."
    if not settings.dev and not url.startswith("https://"):
        yield "  Browsers allow camera and microphone only over https (or on localhost):"
        yield "  put a TLS proxy in front and set http.public_url."
    yield f"ready in {seconds:.1f} s"
