import pytest
from support.plane import VP8, Rig

from media.engine.quality import OPENING_TICKS, REPORT_SECONDS, REPORTLESS_TICKS, PeerQuality
from media.types import ListenerStats, MediaKind, QualityLabel, TrackSource

SECOND = 1_000_000_000


class Line:
    """A person who speaks 50 packets a second, ticked every second."""

    def __init__(self):
        self.rig = Rig()
        self.ada = self.rig.speaker("ada")
        self.quality = PeerQuality()
        self.sequence = 1

    def second(self, packets=50, lost=0, alive=True, limited=False):
        for at in range(50):
            self.sequence += 1
            self.rig.now_ns += 20_000_000
            if at < packets and at >= lost:
                self.ada.send(self.sequence, timestamp=self.sequence * 960)
        if alive:
            self.ada.connection.heard_ns = self.rig.now_ns
        self.quality.tick(self.ada.connection, self.rig.now_ns, server_limited=limited)
        return self.quality.reading


@pytest.fixture
def line():
    return Line()


def test_nothing_is_known_before_the_first_packet(line):
    line.quality.tick(line.ada.connection, SECOND, server_limited=False)
    assert line.quality.reading is None
    assert line.quality.due(0) is None


def test_clean_speech_is_excellent(line):
    assert [line.second() for _ in range(3)][-1].label is QualityLabel.EXCELLENT


def test_loss_is_counted_and_lowers_the_label(line):
    line.second()
    readings = [line.second(lost=15) for _ in range(6)]
    assert readings[-1].label is not QualityLabel.EXCELLENT
    assert readings[-1].reason == "loss"
    assert line.quality.lost > 50


def mute(line, muted):
    line.rig.room.mute(line.ada.connection.tracks["m0"], muted=muted)


def test_who_says_that_the_microphone_is_off_is_not_stalled(line):
    for _ in range(5):
        line.second()
    mute(line, True)
    assert [line.second(packets=0) for _ in range(12)][-1].label is QualityLabel.EXCELLENT
    mute(line, False)
    opening = [line.second(packets=0) for _ in range(OPENING_TICKS)]
    assert {reading.label for reading in opening} == {QualityLabel.EXCELLENT}


def test_a_microphone_that_stops_without_a_word_has_stalled(line):
    for _ in range(5):
        line.second()
    reading = [line.second(packets=0) for _ in range(12)][-1]
    assert (reading.label, reading.reason) == (QualityLabel.POOR, "stalled")


def test_a_microphone_whose_sender_says_that_nothing_was_sent_is_idle(line):
    for _ in range(5):
        line.second()
    for second in range(35):
        line.ada.connection.tracks["m0"].idle = second == 3
        reading = line.second(packets=0)
    assert (reading.label, line.quality.streams[0].active) == (QualityLabel.EXCELLENT, False)
    readings = [line.second(packets=0 if second > 5 else 50) for second in range(18)]
    assert readings[-1].reason == "stalled"


def test_a_microphone_that_never_opens_after_a_mute_has_stalled(line):
    for _ in range(5):
        line.second()
    mute(line, True)
    line.second(packets=0)
    mute(line, False)
    readings = [line.second(packets=0) for _ in range(OPENING_TICKS + 12)]
    assert (readings[-1].label, readings[-1].reason) == (QualityLabel.POOR, "stalled")


def test_a_microphone_that_opens_at_once_is_judged_at_once(line):
    mute(line, True)
    line.second()
    mute(line, False)
    line.second()
    readings = [line.second(packets=0) for _ in range(12)]
    assert readings[-1].reason == "stalled"


def test_total_silence_is_a_lost_transport_until_packets_return(line):
    for _ in range(3):
        line.second()
    readings = [line.second(packets=0, alive=False) for _ in range(7)]
    assert (readings[-1].label, readings[-1].reason) == (QualityLabel.POOR, "transport")
    for _ in range(20):
        line.second()
    assert line.quality.reading.label is QualityLabel.EXCELLENT


def test_round_trips_are_read_once(line):
    line.second()
    line.ada.connection.measured(90_000_000)
    assert line.second().round_trip_ms == 90
    assert line.ada.connection.trip_ns is None


def test_readings_are_due_when_the_label_changes_or_time_has_passed(line):
    line.second()
    assert line.quality.due(100) is not None
    assert line.quality.due(101) is None
    assert line.quality.due(100 + REPORT_SECONDS) is not None


def test_what_listeners_report_counts_too(line):
    bob = line.rig.listener("bob", 2)
    slot = bob.connection.slots["s0"]
    line.second()
    bob.connection.heard_ns = line.rig.now_ns
    quality = PeerQuality()
    slot.meter.report(100, 0, 0)
    for highest in range(200, 900, 100):
        slot.meter.report(highest, highest // 3, 0)
        bob.connection.heard_ns = line.rig.now_ns
        quality.tick(bob.connection, line.rig.now_ns, server_limited=False)
    assert quality.reading.label is not QualityLabel.EXCELLENT


def test_redundant_sound_rides_over_twice_the_loss(line):
    line.second()
    plain = [line.second(lost=6) for _ in range(12)][-1]
    line.ada.connection.tracks["m0"].red_type = 63
    redundant = [line.second(lost=6) for _ in range(12)][-1]
    assert (plain.label, redundant.label) == (QualityLabel.POOR, QualityLabel.FAIR)
    assert (plain.loss_percent, redundant.loss_percent) == (12.0, 12.0)


def test_listener_who_gets_redundant_sound_in_every_slot_rides_over_twice_the_loss(line):
    ear = Listener(line)
    ear.slot.red_type = 63
    assert [ear.second(lost=6) for _ in range(12)][-1].label is QualityLabel.FAIR
    ear.slot.red_type = 0
    assert [ear.second(lost=6) for _ in range(12)][-1].label is QualityLabel.POOR


class Listener:
    """Somebody who hears 50 packets a second and whose receiver reports may be missing."""

    def __init__(self, line):
        self.line = line
        self.bob = line.rig.listener("bob", 2)
        self.quality = PeerQuality()
        self.received = self.lost = self.highest = 0
        line.second()
        self.slot = self.bob.connection.slots["s0"]

    def second(self, lost=0, reported=True):
        self.line.second()
        self.highest += 50
        self.lost += lost
        self.received += 50 - lost
        if reported:
            self.slot.meter.report(1000 + self.highest, self.lost, 0)
        stats = ListenerStats(MediaKind.AUDIO, self.received, self.lost, 4.0)
        self.quality.listener(self.bob.connection, [stats])
        self.bob.connection.heard_ns = self.line.rig.now_ns
        self.quality.tick(self.bob.connection, self.line.rig.now_ns, server_limited=False)
        return self.quality.reading


@pytest.mark.parametrize(
    ("source", "own"), [(0.0, 150.0), (90.0, 120.0), (150.0, 0.0), (200.0, 0.0)]
)
def test_a_listener_pays_nothing_for_the_jitter_of_the_speakers_uplink(line, source, own):
    ear = Listener(line)
    for _ in range(3):
        ear.second()
        ear.slot.stream.jitter_ms = source
        ear.highest += 50
        ear.slot.meter.report(1000 + ear.highest, 0, 48 * 150)
        ear.bob.connection.heard_ns = line.rig.now_ns
        ear.quality.tick(ear.bob.connection, line.rig.now_ns, server_limited=False)
    assert ear.quality.streams[0].jitter_ms == pytest.approx(own)


def test_a_listeners_own_counters_are_believed_once_its_reports_are_missing(line):
    ear = Listener(line)
    for _ in range(10):
        ear.second()
    before = [ear.second(lost=6, reported=False) for _ in range(REPORTLESS_TICKS)]
    assert {reading.label for reading in before} == {QualityLabel.EXCELLENT}
    after = [ear.second(lost=6, reported=False) for _ in range(15)][-1]
    assert (after.label, after.reason) == (QualityLabel.POOR, "loss")
    assert after.loss_percent == pytest.approx(12, abs=0.5)


def test_a_listeners_own_counters_do_not_matter_beside_its_reports(line):
    ear = Listener(line)
    for second in range(1, 31):
        ear.second()
        liar = ListenerStats(MediaKind.AUDIO, 20 * second, 30 * second)
        ear.quality.listener(ear.bob.connection, [liar])
    (stream,) = ear.quality.streams
    assert (stream.label, stream.packets, stream.lost) == (QualityLabel.EXCELLENT, 50 * 29, 0)


def test_streams_are_judged_by_themselves_and_counted(line):
    for _ in range(3):
        line.second(lost=5)
    (stream,) = line.quality.streams
    assert (stream.direction, stream.source) == ("uplink", "microphone")
    assert stream.packets >= 100
    assert stream.lost >= 5


def test_seconds_in_which_we_were_late_are_counted(line):
    line.second()
    line.quality.tick(line.ada.connection, line.rig.now_ns, server_limited=True)
    assert line.quality.limited_ticks == 1


class Screen:
    """A person with a camera, and whoever watches it."""

    KEY, DELTA = b"\x10\x00" + bytes(30), b"\x10\x01" + bytes(30)

    def __init__(self, *, watched):
        self.rig = Rig()
        self.ada = self.rig.person("ada")
        self.track = self.ada.track(TrackSource.CAMERA, ssrc=3000)
        self.ada.join()
        if watched:
            eye = self.rig.listener("eye", 1, MediaKind.VIDEO)
            eye.connection.every_video = True
        self.quality = PeerQuality()
        self.sequence = 0

    def second(self, lost=0):
        for at in range(50):
            self.sequence += 1
            self.rig.now_ns += 20_000_000
            if at >= lost:
                self.ada.send(
                    self.sequence,
                    timestamp=self.sequence * 1800,
                    payload=self.KEY if self.sequence % 25 == 1 else self.DELTA,
                    payload_type=VP8,
                    ssrc=3000,
                    level=None,
                )
            self.rig.sent()
        self.ada.connection.heard_ns = self.rig.now_ns
        self.quality.tick(self.ada.connection, self.rig.now_ns, server_limited=False)
        return self.quality.reading


def test_pictures_are_judged_by_their_own_row():
    screen = Screen(watched=True)
    for _ in range(6):
        reading = screen.second()
    assert (reading.label, reading.source) == (QualityLabel.EXCELLENT, "camera")
    for _ in range(10):
        reading = screen.second(lost=3)
    assert (reading.label, reading.reason) == (QualityLabel.POOR, "loss")


def test_gaps_in_pictures_that_nobody_watches_lower_nobody():
    screen = Screen(watched=False)
    for _ in range(10):
        reading = screen.second(lost=10)
    assert reading is None
    assert screen.quality.lost == 0


def test_layers_of_a_picture_are_one_stream():
    rig = Rig()
    ada = rig.person("ada")
    track = ada.track(TrackSource.CAMERA, ssrc=3000, layers=("q", "h"))
    track.flowing = True
    ada.join()
    quality = PeerQuality()
    for second in range(5):
        for stream in track.layers:
            stream.slots.append(object())
            for at in range(30):
                number = 30 * second + at
                stream.meter.packet(number * 33_000_000, number, number * 2970)
        ada.connection.heard_ns = now_ns = (second + 1) * SECOND
        quality.tick(ada.connection, now_ns, server_limited=False)
    (stream,) = quality.streams
    assert (stream.source, stream.packets) == ("camera", 300)


def test_stalls_of_our_own_lower_nobody_but_are_counted(line):
    for _ in range(5):
        line.second()
    for _ in range(20):
        reading = line.second(lost=20, limited=True)
    assert reading.label is QualityLabel.EXCELLENT
    assert line.quality.limited_ticks == 20
    assert [line.second(lost=20) for _ in range(8)][-1].label is QualityLabel.POOR


def test_listener_pays_nothing_for_the_speakers_uplink(line):
    bob = line.rig.listener("bob", 2)
    slot = bob.connection.slots["s0"]
    line.second()
    quality = PeerQuality()
    for second in range(12):
        speaker = line.second(lost=10)
        slot.meter.report(1000 + second * 50, second * 10, 0, gaps=second * 10)
        bob.connection.heard_ns = line.rig.now_ns
        quality.tick(bob.connection, line.rig.now_ns, server_limited=False)
    assert (speaker.label, speaker.reason) == (QualityLabel.POOR, "loss")
    assert (quality.reading.label, quality.reading.loss_percent) == (QualityLabel.EXCELLENT, 0)


def test_loss_a_mute_while_poor_and_a_tab_that_slept(line):
    def label():
        return line.quality.reading.label, line.quality.reading.reason

    def rest(seconds, *, alive):
        """Nothing is sent: numbers stand still while time goes on."""
        for _ in range(seconds):
            line.rig.now_ns += SECOND
            if alive:
                line.ada.connection.heard_ns = line.rig.now_ns
            line.quality.tick(line.ada.connection, line.rig.now_ns, server_limited=False)

    for _ in range(5):
        line.second()
    for _ in range(6):
        line.second(lost=6)  # 12 %
    assert label() == (QualityLabel.POOR, "loss")
    mute(line, True)
    rest(60, alive=True)
    assert label() == (QualityLabel.POOR, "loss")
    assert not line.quality.reading.active
    mute(line, False)
    for _ in range(8):
        line.second()
    assert label() == (QualityLabel.EXCELLENT, None)
    rest(90, alive=False)
    assert label() == (QualityLabel.POOR, "transport")
    lost = line.quality.lost
    line.second()
    assert label()[0] is QualityLabel.POOR
    for _ in range(6):
        line.second()
    assert label() == (QualityLabel.EXCELLENT, None)
    assert line.quality.lost == lost
    assert line.quality.reading.jitter_ms < 1
