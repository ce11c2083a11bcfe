from aiohttp.test_utils import make_mocked_request

from server.http.call import REQUEST_ID, request_id_of


def test_request_without_an_id_has_none() -> None:
    request = make_mocked_request("GET", "/")
    assert request_id_of(request) == ""
    request[REQUEST_ID] = "trace-0001"
    assert request_id_of(request) == "trace-0001"
