"""Routes of connection quality."""

from server.api.quality_model import QualityModel, quality_model
from server.http.call import Call
from server.http.registry import Credential, Registry

routes = Registry()
_TAG = "Quality"


@routes.route(
    "GET",
    "/v1/quality-model",
    tag=_TAG,
    answer=QualityModel,
    credential=Credential.NOT_READ,
)
async def get_quality_model(call: Call) -> QualityModel:  # noqa: ARG001  (a handler's signature)
    """Read how connection quality is judged: formula, edges, windows and the bands of charts.

    The server judges by these very constants; their `version` changes with them.
    """
    return quality_model()
