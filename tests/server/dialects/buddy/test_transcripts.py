"""Transcripts of a talk, before anything was said, and wrong wishes."""


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


async def test_a_talk_is_listed_and_exported_under_the_names_that_were_given(buddy, talk: str):
    path = f"/sessions/{talk}"
    listed = await buddy.call("GET", path + "/transcripts")
    assert [(one["start_time"], one["speaker"]) for one in listed] == [
        (2.0, "Ada"),
        (4.0, "Bo"),
        (10.0, "Ada"),
    ]
    assert [one["speaker_display_name"] for one in listed] == ["Ada", "Robert", "Ada"]
    text = await buddy.call("GET", path + "/transcripts/export")
    assert text.startswith("[00:00:02] Ada:\none two three\n")
    assert "[00:00:04] Robert:\nfive six\n" in text
    srt = await buddy.call("GET", path + "/transcripts/export?format=srt")
    assert "00:00:04,000 --> 00:00:06,000\nRobert: five six" in srt
    bare = await buddy.call("GET", path + "/transcripts/export?format=srt&speakers=false")
    assert "Robert" not in bare
    exported = await buddy.call("GET", path + "/transcripts/export?format=json")
    assert [one["text"] for one in exported["segments"]] == ["one two three", "five six", "four"]


async def test_speakers_are_added_up(buddy, talk: str):
    found = await buddy.call("GET", f"/sessions/{talk}/speakers")
    assert [
        (one["speaker_key"], one["display_name"], one["segment_count"], one["first_text"])
        for one in found["speakers"]
    ] == [("0", None, 2, "one two three"), ("1", "Robert", 1, "five six")]
    assert [one["total_speaking_seconds"] for one in found["speakers"]] == [4.0, 2.0]
