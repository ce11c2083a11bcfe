"""A foreign page says what it likes: nothing of it can do harm."""

from hypothesis import given
from hypothesis import strategies as st

from server.connectors.look import PEOPLE, TRACKS, HeardTrack, Look, read_look
from server.connectors.recipe import Sign
from server.services.text import MAX_NAME


def test_what_a_page_says_is_read():
    shown = {
        "signs": ["inside", "nonsense"],
        "steps": [0, 2],
        "people": [{"id": "a", "name": " Ann \n Lee "}],
        "lit": ["a", "stranger"],
        "owners": {"t": "a"},
    }
    heard = {
        "tracks": [{"id": "t", "sounding": True, "source": 7}],
        "peers": ["connected"],
        "publications": {"person:a": "connected"},
    }
    assert read_look(shown, heard) == Look(
        signs=frozenset({Sign.INSIDE}),
        steps=(0, 2),
        people={"a": "Ann Lee"},
        lit=frozenset({"a"}),
        owners={"t": "a"},
        tracks=(HeardTrack("t", sounding=True, source=7),),
        peers=("connected",),
        publications={"person:a": "connected"},
    )


def test_what_makes_no_sense_is_left_out():
    shown = {"signs": 1, "people": [{"id": "", "name": "x"}, {"id": "b", "name": " "}, 3]}
    heard = {"tracks": [{"id": 5, "sounding": 1, "source": "x"}], "publications": {"a": 1}}
    assert read_look(shown, heard) == Look(tracks=(HeardTrack(""),))
    assert read_look(None, None) == Look()


def test_a_name_can_be_stored_and_shown():
    shown = {"people": [{"id": "a", "name": "An\ud800n\x07"}, {"id": "b", "name": "\udfff"}]}
    assert read_look(shown, None).people == {"a": "Ann"}


def test_sizes_are_bounded():
    shown = {"people": [{"id": str(n), "name": "x" * 999} for n in range(2 * PEOPLE)]}
    heard = {"tracks": [{"id": str(n)} for n in range(2 * TRACKS)]}
    look = read_look(shown, heard)
    assert (len(look.people), len(look.tracks)) == (PEOPLE, TRACKS)
    assert {len(name) for name in look.people.values()} == {MAX_NAME}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
MEMBERS = ("signs", "steps", "people", "lit", "owners", "tracks", "peers", "publications")


@given(member=st.sampled_from(MEMBERS), value=JSON)
def test_any_answer_is_some_look(member: str, value: object):
    assert isinstance(read_look({member: value}, {member: value}), Look)
