from support.webserver import Web


async def test_model_is_open_to_all(web: Web) -> None:
    answer = await web.client.get("/v1/quality-model")
    assert answer.status == 200
    assert (await answer.json())["labels"][0] == {
        "label": "excellent",
        "leave_below": 80.0,
        "enter_at": 84.0,
        "mos_at_edge": 4.02,
    }
