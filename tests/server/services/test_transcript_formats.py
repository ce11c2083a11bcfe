import dataclasses
import json
from datetime import UTC, datetime

from server.records import TranscriptSegment
from server.services.transcript_formats import Layout, document, srt, txt, vtt

FIRST = TranscriptSegment(
    id="s1",
    session_id="s",
    recording_id=None,
    participant_id="p1",
    connection_id="c1",
    name="Ann",
    start=3661.5,
    end=3663.0,
    text="hello there",
    words=(),
    language="en",
    engine="null",
    confidence=None,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def said(**members) -> TranscriptSegment:
    return dataclasses.replace(FIRST, **members)


def test_text_merges_what_one_speaker_says_in_a_row():
    other = said(participant_id="p2", name="Bo", start=3665.0, text="hi\nyou")
    text = txt([FIRST, said(start=3664.0, text="again"), other])
    assert text == "[01:01:01] Ann:\nhello there\nagain\n\n[01:01:05] Bo:\nhi you\n"


def test_equal_names_are_two_speakers():
    assert txt([FIRST, said(participant_id="p2")]).count("Ann:") == 2


def test_subrip_has_numbers_commas_and_no_second_arrow():
    text = srt([said(text="a --> b"), said(name="B\no", start=3664.0, end=3665.25)])
    assert text == (
        "1\n01:01:01,500 --> 01:01:03,000\nAnn: a → b\n\n"
        "2\n01:01:04,000 --> 01:01:05,250\nB o: hello there\n"
    )


def test_webvtt_escapes_names_and_text():
    text = vtt([said(name="A<b>", text="x & y")])
    assert text == ("WEBVTT\n\n01:01:01.500 --> 01:01:03.000\n<v A&lt;b&gt;>x &amp; y</v>\n")


def test_speakers_can_be_left_out():
    layout = Layout(speakers=False)
    assert txt([FIRST], layout).startswith("[01:01:01]\nhello")
    assert "Ann" not in srt([FIRST], layout) + vtt([FIRST], layout)


def test_long_captions_are_split_and_share_the_time():
    long = said(text="one two three four five six seven eight", start=0.0, end=4.0)
    text = srt([long], Layout(chars_per_caption=20, max_lines=1, max_chars_per_line=20))
    assert text.count(" --> ") == 2
    assert text.startswith("1\n00:00:00,000 --> ")
    assert "--> 00:00:04,000" in text
    lines = vtt([long], Layout(max_lines=1, max_chars_per_line=20, speakers=False))
    assert lines.count(" --> ") == 2


def test_nothing_said_is_a_valid_empty_file():
    assert (txt([]), srt([]), vtt([])) == ("", "", "WEBVTT\n")
    assert json.loads(document({"session": {}}, [])) == {"session": {}, "segments": []}
