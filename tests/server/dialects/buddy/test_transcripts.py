"""Transcripts before anything was said, and wrong wishes."""


async def test_an_empty_transcript_is_a_valid_file(buddy):
    made = await buddy.native()
    path = f"/sessions/{made['session_id']}"
    assert await buddy.call("GET", path + "/transcripts") == []
    assert await buddy.call("GET", path + "/transcripts/export") == ""
    assert await buddy.call("GET", path + "/transcripts/export?format=vtt") == "WEBVTT\n"
    exported = await buddy.call("GET", path + "/transcripts/export?format=json")
    assert (exported["session"]["session_id"], exported["segments"]) == (made["session_id"], [])
    wrong = await buddy.call("GET", path + "/transcripts/export?format=doc", 422)
    assert wrong["error"]["code"] == "INVALID_EXPORT_FORMAT"
    wrong = await buddy.call("GET", path + "/transcripts/export?speakers=maybe", 422)
    assert wrong["error"]["details"] == {"field": "speakers"}
    speakers = await buddy.call("GET", path + "/speakers")
    assert speakers["speakers"] == []
    gone = await buddy.call("GET", path + "/recording/download", 404)
    assert gone["error"]["code"] == "RECORDING_NOT_FOUND"
