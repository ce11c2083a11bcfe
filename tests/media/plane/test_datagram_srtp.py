from pylibsrtp import Policy
from support.plane import session

from media.plane.datagram_srtp import Scratch

KEY = bytes(44)
COMPOUND = b"\x80\xc9\x00\x01\x00\x00\x00\x05"


def test_rtcp_goes_there_and_back():
    scratch = Scratch()
    out, back = session(KEY, Policy.SSRC_ANY_OUTBOUND), session(KEY, Policy.SSRC_ANY_INBOUND)
    datagram = scratch.protect_rtcp(out._srtp[0], COMPOUND)
    assert datagram != COMPOUND
    assert scratch.unprotect_rtcp(back._srtp[0], datagram) == COMPOUND


def test_forgeries_and_oversize_give_nothing():
    scratch = Scratch()
    out, back = session(KEY, Policy.SSRC_ANY_OUTBOUND), session(KEY, Policy.SSRC_ANY_INBOUND)
    assert scratch.unprotect_rtcp(back._srtp[0], COMPOUND + bytes(20)) is None
    assert scratch.protect_rtcp(out._srtp[0], COMPOUND + bytes(1400)) is None
