from pathlib import Path

import pytest
from aiortc import sdp
from aiortc.rtcdtlstransport import RTCDtlsFingerprint
from aiortc.rtcicetransport import RTCIceCandidate, RTCIceParameters

from media.engine.answer import Local, Policy, negotiate, usable, write
from media.errors import NegotiationError
from media.types import MediaKind, TrackSource

CHROMIUM = (Path(__file__).parent / "offers" / "chromium.sdp").read_text().replace("\n", "\r\n")
BOTH = Policy(publish=True, subscribe=True)


def ssrcs(mid):
    return 7000 + int(mid.split()[0]) if " " in mid else 5000 + int(mid)


def ask(offer=CHROMIUM, policy=BOTH, sources=None):
    return negotiate(offer, policy, sources or {}, ssrcs)


def answer(offer=CHROMIUM, policy=BOTH, sources=None):
    candidate = RTCIceCandidate(1, "f", "192.0.2.1", 4000, 99, "udp", "host")
    local = Local(
        RTCIceParameters("ours", "x" * 22),
        [candidate],
        RTCDtlsFingerprint("sha-256", "AA:BB"),
        77,
        3,
    )
    return write(ask(offer, policy, sources), local)


def refused(offer, **facts):
    with pytest.raises(NegotiationError) as caught:
        ask(offer, **facts)
    return caught.value.code


def one_line(direction="sendrecv", codec="opus/48000/2", kind="audio", extra=""):
    return (
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        f"m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na={direction}\r\n"
        "a=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:" + "p" * 22 + "\r\n"
        "a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\n"
        f"a=rtpmap:96 {codec}\r\n{extra}"
    )


class TestChromium:
    def test_tracks(self):
        mic, cam = ask().tracks
        assert (mic.mid, mic.source, mic.codec) == ("0", TrackSource.MICROPHONE, "audio/opus")
        assert (mic.payload_type, mic.level_extension) == (111, 1)
        assert mic.ssrc
        assert (cam.source, cam.codec, cam.payload_type) == (TrackSource.CAMERA, "video/VP8", 96)
        assert cam.level_extension == 0
        assert (cam.repair_type, cam.repair_ssrc) == (97, 3145469046)
        assert (mic.repair_type, mic.repair_ssrc) == (0, None)

    def test_slots_have_fixed_ssrcs_and_the_listeners_payload_types(self):
        ear, eye = ask().slots
        assert (ear.mid, ear.kind, ear.ssrc) == ("2", MediaKind.AUDIO, 5002)
        assert dict(ear.payload_types) == {"audio/opus": 111}
        assert eye.kind is MediaKind.VIDEO
        assert dict(eye.payload_types) == {
            "video/vp8": 96,
            "video/h264": 108,  # constrained baseline before the others
            "video/av1": 45,
            "video/vp9": 98,
        }
        assert (ear.repair_types, ear.repair_ssrc) == ({}, 0)
        assert (eye.repair_types[96], eye.repair_ssrc) == (97, 7003)

    def test_answer_text(self):
        text = answer()
        parsed = sdp.SessionDescription.parse(text)
        assert [media.direction for media in parsed.media] == [
            "recvonly",
            "recvonly",
            "sendonly",
            "sendonly",
            "inactive",
        ]
        assert parsed.group[0].items == ["0", "1", "2", "3"]
        assert parsed.media[4].port == 0
        assert parsed.origin == "- 77 3 IN IP4 0.0.0.0"
        assert text.count("a=candidate") == 1
        assert text.count("a=setup:passive") == 4
        assert text.count("a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1") == 2
        assert "transport-cc" not in text
        assert text.count("rtx/90000") == 5  # one for the camera, one for each codec of the slot
        assert "a=fmtp:97 apt=96" in text
        assert "a=ssrc-group:FID 5003 7003" in text
        for feedback in ("nack", "nack pli", "ccm fir", "goog-remb"):
            assert f"a=rtcp-fb:96 {feedback}\r\n" in text
        assert "a=ssrc:5003 cname:roomtone" in text
        assert [codec.name for codec in parsed.media[1].rtp.codecs] == ["VP8", "rtx"]

    def test_extensions(self):
        parsed = sdp.SessionDescription.parse(answer())
        uris = [
            [each.uri.rpartition("/")[2] for each in media.rtp.headerExtensions]
            for media in parsed.media
        ]
        assert (
            uris[0]
            == [
                "urn:ietf:params:rtp-hdrext:sdes:mid",
                "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
                "abs-send-time",
            ]
            or len(uris[0]) == 3
        )
        assert uris[2] == ["urn:ietf:params:rtp-hdrext:sdes:mid"]
        assert uris[3] == ["urn:ietf:params:rtp-hdrext:sdes:mid", "abs-send-time"]
        assert (ask().extensions.mid, ask().extensions.rid) == (4, 10)


class TestTransportFeedback:
    TOLD = Policy(publish=True, subscribe=True, transport_feedback=True)

    def test_video_that_is_published_has_it_and_nothing_that_we_send(self):
        parsed = sdp.SessionDescription.parse(text := answer(policy=self.TOLD))
        assert [
            any("transport-wide-cc" in each.uri for each in media.rtp.headerExtensions)
            for media in parsed.media
        ] == [False, True, False, False, False]
        assert text.count("transport-cc") == 1
        assert "a=rtcp-fb:96 transport-cc\r\n" in text
        assert ask(policy=self.TOLD).extensions.transport == 3

    def test_a_line_that_also_receives_keeps_its_estimates(self):
        offer = CHROMIUM.replace("a=sendonly", "a=sendrecv")
        assert "transport-cc" not in answer(offer, self.TOLD)
        assert ask(offer, self.TOLD).extensions.transport == 0

    def test_who_does_not_offer_it_is_answered_without(self):
        offer = CHROMIUM.replace("a=rtcp-fb:96 transport-cc\r\n", "")
        assert "transport-cc" not in answer(offer, self.TOLD)


class TestRedundantAudio:
    RED = "a=rtpmap:63 red/48000/2\r\na=fmtp:63 96/96\r\n"

    def offer(self, order: str, direction: str = "sendonly") -> str:
        return one_line(direction, extra=self.RED).replace("SAVPF 96", f"SAVPF {order}")

    def test_is_published_when_the_peer_prefers_it(self):
        (track,) = ask(self.offer("63 96")).tracks
        assert (track.codec, track.payload_type, track.red_type) == ("audio/opus", 96, 63)
        text = answer(self.offer("63 96"))
        assert "SAVPF 63 96\r\n" in text
        assert "a=rtpmap:63 red/48000/2\r\na=fmtp:63 96/96\r\n" in text

    def test_is_left_out_of_what_is_published_otherwise(self):
        (track,) = ask(self.offer("96 63")).tracks
        assert track.red_type == 0
        assert "SAVPF 96\r\n" in answer(self.offer("96 63"))

    def test_is_received_by_who_can(self):
        (slot,) = ask(self.offer("96 63", "recvonly")).slots
        assert slot.payload_types == {"audio/opus": 96}
        assert slot.red_type == 63
        assert "SAVPF 96 63\r\n" in answer(self.offer("96 63", "recvonly"))


class TestDirections:
    @pytest.mark.parametrize(
        ("offered", "publish", "subscribe", "answered"),
        [
            ("sendrecv", True, True, "sendrecv"),
            ("sendrecv", True, False, "recvonly"),
            ("sendrecv", False, True, "sendonly"),
            ("sendrecv", False, False, "inactive"),
            ("sendonly", True, True, "recvonly"),
            ("sendonly", False, True, "inactive"),
            ("recvonly", True, True, "sendonly"),
            ("recvonly", True, False, "inactive"),
            ("inactive", True, True, "inactive"),
        ],
    )
    def test_flip(self, offered, publish, subscribe, answered):
        text = answer(one_line(offered), Policy(publish, subscribe))
        assert f"a={answered}\r\n" in text

    def test_a_line_without_direction_is_sendrecv(self):
        assert "a=sendrecv" in answer(one_line().replace("a=sendrecv\r\n", ""))

    def test_a_third_microphone_is_not_taken(self):
        line = one_line("sendonly")
        media = line[line.index("m=") :]
        offer = line + media.replace("mid:0", "mid:1") + media.replace("mid:0", "mid:2")
        offer = offer.replace("BUNDLE 0", "BUNDLE 0 1 2")
        negotiated = ask(offer)
        assert [track.source for track in negotiated.tracks] == [
            TrackSource.MICROPHONE,
            TrackSource.SCREEN_AUDIO,
        ]
        assert answer(offer).count("a=inactive") == 1

    def test_named_sources_are_not_given_away_by_order(self):
        line = one_line("sendonly")
        offer = (line + line[line.index("m=") :].replace("mid:0", "mid:1")).replace(
            "BUNDLE 0", "BUNDLE 0 1"
        )
        tracks = ask(offer, sources={"1": TrackSource.MICROPHONE}).tracks
        assert [track.source for track in tracks] == [
            TrackSource.SCREEN_AUDIO,
            TrackSource.MICROPHONE,
        ]


class TestRefusals:
    def test_not_sdp(self):
        for offer in ("", "{}", "v=0", "v=0\r\nm=audio", "v=0\r\nm=audio x y z\r\n"):
            assert refused(offer) == "invalid_sdp"

    def test_too_long(self):
        assert refused(CHROMIUM + "a=x:" + "y" * 65536) == "invalid_sdp"
        assert refused(CHROMIUM + "a=x\r\n" * 2000) == "invalid_sdp"
        assert refused("v=0\r\n" + "m=audio 9 RTP 0\r\n" * 129) == "invalid_sdp"

    def test_every_truncation_is_refused_or_answered(self):
        outcomes = set()
        for size in range(0, len(CHROMIUM), 37):
            try:
                outcomes.add(bool(ask(CHROMIUM[:size]).lines))
            except NegotiationError as error:
                outcomes.add(error.code)
        assert outcomes <= {True, "invalid_sdp", "no_common_codec", "bundle_required"}

    def test_without_bundle_or_mux(self):
        assert refused(CHROMIUM.replace("a=group:BUNDLE", "a=group:LS")) == "bundle_required"
        assert refused(CHROMIUM.replace("a=rtcp-mux\r\n", "")) == "bundle_required"
        assert refused(CHROMIUM.replace("BUNDLE 0 1", "BUNDLE 0")) == "bundle_required"

    def test_without_opus(self):
        assert refused(one_line(codec="PCMU/8000")) == "no_common_codec"
        assert refused(one_line(codec="opus/16000/2")) == "no_common_codec"

    def test_video_without_a_codec_is_rejected_alone(self):
        text = answer(
            CHROMIUM.replace("VP8/", "X/")
            .replace("H264/", "X/")
            .replace("VP9/", "X/")
            .replace("AV1/", "X/")
        )
        assert text.count("m=video 0 ") == 2
        assert "a=group:BUNDLE 0 2\r\n" in text
        assert refused(one_line(codec="X/90000", kind="video")) == "no_common_codec"

    def test_credentials_fingerprints_and_roles(self):
        line = one_line()
        assert refused(line.replace("a=ice-pwd:", "a=nothing:")) == "invalid_sdp"
        assert refused(line.replace("p" * 22, "p" * 21)) == "invalid_sdp"
        assert refused(line.replace("a=fingerprint:", "a=nothing:")) == "invalid_sdp"
        assert refused(line.replace("a=setup:actpass", "a=setup:passive")) == "invalid_sdp"
        assert refused(line.replace("a=setup:actpass\r\n", "")) == "invalid_sdp"

    def test_mids(self):
        assert refused(CHROMIUM.replace("a=mid:1", "a=mid:0")) == "invalid_sdp"
        assert refused(CHROMIUM.replace("a=mid:1\r\n", "")) == "invalid_sdp"
        assert refused(CHROMIUM.replace("a=mid:1", "a=mid:<b>")) == "invalid_sdp"

    def test_source_of_another_kind(self):
        assert refused(CHROMIUM, sources={"0": TrackSource.CAMERA}) == "invalid_source"


class TestCandidates:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, True),
            ({"ip": "abc.local"}, False),
            ({"component": 2}, False),
            ({"protocol": "tcp"}, False),
            ({"port": 0}, False),
            ({"port": 70000}, False),
            ({"type": "prflx"}, False),
        ],
    )
    def test_usable(self, changes, expected):
        facts = {
            "component": 1,
            "foundation": "1",
            "ip": "192.0.2.1",
            "port": 9,
            "priority": 1,
            "protocol": "UDP",
            "type": "host",
        }
        assert usable(RTCIceCandidate(**(facts | changes))) is expected

    def test_of_offers_are_taken_and_bounded(self):
        line = "a=candidate:1 1 udp 1 192.0.2.1 {} typ host\r\n"
        extra = "".join(line.format(port) for port in range(1000, 1100))
        extra += "a=candidate:1 1 udp 1 x.local 9 typ host\r\na=end-of-candidates\r\n"
        assert len(ask(one_line(extra=extra)).remote.candidates) == 64
