from media.audio.gate import HANG_NS, OPEN_LEVEL, Packet, SpeechGate

STEP = 20_000_000


def packet(number: int, payload: bytes = b"sound") -> Packet:
    return Packet(number * STEP, number * 960, payload)


def taken(gate: SpeechGate, numbers: range, level: int) -> list[int]:
    return [one.timestamp // 960 for number in numbers for one in gate.take(packet(number), level)]


def test_quiet_packets_wait_and_come_with_the_first_loud_one():
    gate = SpeechGate()
    assert taken(gate, range(30), OPEN_LEVEL + 1) == []
    assert not gate.open
    assert taken(gate, range(30, 31), OPEN_LEVEL) == list(range(15, 31))
    assert gate.open


def test_quiet_packets_between_words_go_through():
    gate = SpeechGate()
    assert taken(gate, range(1), 30) == [0]
    assert taken(gate, range(1, 20), 127) == list(range(1, 20))


def test_silence_shuts_the_gate_once_and_time_alone_does():
    gate = SpeechGate()
    assert not gate.rest(10 * HANG_NS)
    _ = gate.take(packet(0), 30)
    assert not gate.rest(HANG_NS)
    assert gate.rest(HANG_NS + 1)
    assert not gate.rest(HANG_NS + 2)
    assert taken(gate, range(60, 61), 90) == []


def test_discontinuous_transmission_is_no_speech_whatever_its_level_says():
    gate = SpeechGate()
    assert gate.take(packet(0, b"\xf8"), 0) == ()
    assert not gate.open


def test_a_mute_shuts_the_gate_and_what_was_before_it_is_forgotten():
    gate = SpeechGate()
    _ = taken(gate, range(5), 80)
    assert gate.take(packet(5, b""), 127) == ()
    assert taken(gate, range(6, 7), 30) == [6]
    assert gate.take(packet(7, b""), 127) == ()
    assert not gate.open


def test_what_was_long_before_is_no_beginning_of_a_word():
    gate = SpeechGate()
    _ = taken(gate, range(3), 80)
    assert taken(gate, range(100, 101), 30) == [100]
