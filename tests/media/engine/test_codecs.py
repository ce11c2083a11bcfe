from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters

from media.engine.codecs import choose, playable, red_of, repair_of


def codec(mime, number, rate=90000, feedback=(), **parameters):
    named = {key.replace("_", "-"): value for key, value in parameters.items()}
    return RTCRtpCodecParameters(
        mime,
        rate,
        payloadType=number,
        rtcpFeedback=[RTCRtcpFeedback(*each) for each in feedback],
        parameters=named,
    )


def test_vp8_is_preferred_wherever_it_stands():
    offered = [
        codec("video/VP9", 98),
        codec("video/H264", 97, packetization_mode="1"),
        codec("video/VP8", 96),
    ]
    assert choose("video", offered).payloadType == 96
    assert [each.payloadType for each in playable("video", offered)] == [96, 97, 98]


def test_h264_needs_packets_that_may_be_fragmented_and_likes_the_baseline():
    high = codec("video/H264", 1, packetization_mode="1", profile_level_id="640c1f")
    base = codec("video/H264", 2, packetization_mode="1", profile_level_id="42E01F")
    single = codec("video/H264", 3, packetization_mode="0", profile_level_id="42e01f")
    assert choose("video", [single]) is None
    assert choose("video", [single, high]).payloadType == 1
    assert choose("video", [high, base]).payloadType == 2


def test_vp9_of_eight_bits_only():
    assert choose("video", [codec("video/VP9", 1, profile_id="2")]) is None
    assert choose("video", [codec("video/VP9", 1, profile_id="0")]).payloadType == 1


def test_opus_is_answered_with_fec_and_dtx_and_without_feedback():
    offered = codec("audio/OPUS", 109, 48000, [("transport-cc",)], stereo=1)
    answered = choose("audio", [offered])
    assert answered.parameters == {"minptime": 10, "useinbandfec": 1, "usedtx": 1}
    assert answered.rtcpFeedback == []
    assert offered.parameters == {"stereo": 1}


def test_feedback_is_what_both_can():
    feedback = [("nack",), ("nack", "pli"), ("transport-cc",), ("nack", "rpsi")]
    answered = choose("video", [codec("video/VP8", 96, feedback=feedback)])
    assert [(each.type, each.parameter) for each in answered.rtcpFeedback] == [
        ("nack", None),
        ("nack", "pli"),
    ]


def test_codec_without_payload_type_is_not_taken():
    assert choose("video", [codec("video/VP8", None)]) is None


def test_retransmissions_belong_to_the_codec_that_they_name():
    vp8 = codec("video/VP8", 96)
    offered = [vp8, codec("video/rtx", 98, apt=97), codec("video/rtx", 99, apt=96)]
    assert repair_of(vp8, offered).payloadType == 99
    assert repair_of(vp8, offered[:2]) is None


def test_redundant_audio_repeats_the_codec_and_nothing_else():
    opus = codec("audio/opus", 111, 48000)
    red = codec("audio/red", 63, 48000)
    for text, found in (("111/111", 63), ("111/111/111", 63), ("111/0", None), ("9/9", None)):
        red.parameters = {text: None}
        answered = red_of(opus, [opus, red])
        assert (answered and answered.payloadType) == found
    assert red_of(opus, [codec("audio/red", 63, 8000, **{"111/111": None})]) is None
