"""The drawings show what the tables say."""

from signaling.diagrams import page


def test_every_machine_has_a_diagram_with_its_first_and_last_states():
    text = page()
    assert text.count("```mermaid") == 3
    for line in (
        "[*] --> connecting",
        "failed --> [*]",
        "[*] --> pending",
        "ended --> [*]",
        "refused --> [*]",
    ):
        assert line in text


def test_arrows_name_what_moves():
    assert "    connecting --> connected: Reported, TransportUp\n" in page()
    assert "    live --> keep_alive: PresenceChanged\n" in page()


def test_the_grid_shows_what_stays_and_what_cannot_be():
    assert "| Opened | stays | - | - | - | - |" in page()
    assert "| AlarmWent | - | stays | stays or ended | stays |" in page()
