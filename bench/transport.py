"""The client's side of a connection: one socket, ICE, DTLS and SRTP, as lean as they can be."""

import contextlib
import os
import secrets
import select
import socket
import time
from dataclasses import dataclass

from aioice import stun
from aiortc import RTCCertificate
from OpenSSL import SSL
from pylibsrtp import Policy, Session

from media.plane.datagram_srtp import Scratch, memmove, protect, unprotect

_PROFILES = {  # OpenSSL's name: policy, octets of key and of salt (RFC 5764, RFC 7714)
    b"SRTP_AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    b"SRTP_AES128_CM_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}
_CONNECT_SECONDS = 20.0
_RETRY_SECONDS = 0.3
_BUFFER = 1 << 20
CERTIFICATE = RTCCertificate.generateCertificate()


@dataclass(frozen=True, slots=True)
class Remote:
    """Where the server is, from its answer."""

    username: str
    password: str
    host: str
    port: int


def _context() -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    context.use_certificate(CERTIFICATE._cert)
    context.use_privatekey(CERTIFICATE._key)
    context.set_cipher_list(b"HIGH:!CAMELLIA:!aNULL")
    context.set_tlsext_use_srtp(b":".join(_PROFILES))
    return context


_CONTEXT = _context()


class Transport:
    """Connects as the controlling ICE agent and the active side of DTLS.

    Args:
        address: Local address to send from.
    """

    def __init__(self, address: str) -> None:
        self.username, self.password = secrets.token_hex(4), secrets.token_hex(12)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self.socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        self.socket.bind((address, 0))
        self.socket.setblocking(False)
        self.profile = ""
        self._remote: Remote | None = None
        self._ssl = SSL.Connection(_CONTEXT)
        self._scratch = Scratch()
        self._sessions: tuple[Session, Session] | None = None
        self._tx = self._rx = None
        self._nominated = False

    def describe(self) -> list[str]:
        """Transport lines for the offer."""
        host, port = self.socket.getsockname()[:2]
        fingerprint = CERTIFICATE.getFingerprints()[0]
        return [
            f"a=ice-ufrag:{self.username}",
            f"a=ice-pwd:{self.password}",
            f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}",
            "a=setup:active",
            f"a=candidate:1 1 udp 2130706431 {host} {port} typ host",
        ]

    def connect(self, remote: Remote) -> None:
        """Check, shake hands, derive keys; blocks.

        Raises:
            ConnectionError: It took too long.
        """
        self._remote = remote
        self.socket.connect((remote.host, remote.port))
        self._ssl.set_connect_state()
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        end = time.monotonic() + _CONNECT_SECONDS
        while time.monotonic() < end:
            if not self._nominated:
                self.check()
            elif self._shake():
                return
            if not poll.poll(_RETRY_SECONDS * 1000) and self._nominated:
                self._ssl.DTLSv1_handle_timeout()
            self._take_control()
        raise ConnectionError("the server did not connect in time")

    def check(self) -> None:
        """Send a binding request that nominates, as browsers do every 2.5 s."""
        remote = self._remote
        assert remote is not None
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{remote.username}:{self.username}"
        request.attributes["PRIORITY"] = 1862270975
        request.attributes["ICE-CONTROLLING"] = 7
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(remote.password.encode())
        self.write(bytes(request))

    def control(self, datagram: bytes) -> None:
        """Take a STUN or DTLS datagram."""
        if datagram[0] > 3:
            self._ssl.bio_write(datagram)
            return
        message = stun.parse_message(datagram)
        if message.message_class == stun.Class.RESPONSE:
            self._nominated = True
        elif message.message_class == stun.Class.REQUEST:
            answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            answer.attributes["XOR-MAPPED-ADDRESS"] = self.socket.getpeername()[:2]
            answer.add_message_integrity(self.password.encode())
            self.write(bytes(answer))

    def write(self, datagram: bytes | memoryview) -> None:
        """Send as it is; what the kernel refuses is lost."""
        with contextlib.suppress(OSError):
            self.socket.send(datagram)

    def send(self, packet: bytes) -> None:
        """Protect and send an RTP packet."""
        scratch, size = self._scratch, len(packet)
        memmove(scratch.pointer, packet, size)
        scratch.length[0] = size
        if not protect(self._tx, scratch.pointer, scratch.length):
            self.write(scratch.view[: scratch.length[0]])

    def send_rtcp(self, compound: bytes) -> None:
        """Protect and send an RTCP compound."""
        datagram = self._scratch.protect_rtcp(self._tx, compound)
        if datagram is not None:
            self.write(datagram)

    def open(self, datagram: bytes, size: int) -> memoryview | None:
        """The plain RTP packet, valid until the next call; None when it is forged."""
        scratch = self._scratch
        memmove(scratch.pointer, datagram, size)
        scratch.length[0] = size
        if unprotect(self._rx, scratch.pointer, scratch.length):
            return None
        return scratch.view[: scratch.length[0]]

    def open_rtcp(self, datagram: bytes) -> bytes | None:
        """The plain RTCP compound; None when it is forged."""
        return self._scratch.unprotect_rtcp(self._rx, datagram)

    def close(self) -> None:
        """Say close_notify and close the socket."""
        try:
            self._ssl.shutdown()
            self._flush()
        except SSL.Error:
            pass
        self.socket.close()

    def _shake(self) -> bool:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return False
        self._flush()
        name = self._ssl.get_selected_srtp_profile()
        profile, key, salt = _PROFILES[name]
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        salts = material[2 * key :]
        client, server = material[:key] + salts[:salt], material[key : 2 * key] + salts[salt:]
        self._sessions = (
            Session(Policy(client, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)),
            Session(Policy(server, Policy.SSRC_ANY_INBOUND, srtp_profile=profile)),
        )
        self._tx, self._rx = (session._srtp[0] for session in self._sessions)
        self.profile = name.decode()
        return True

    def _flush(self) -> None:
        try:
            while True:
                self.write(self._ssl.bio_read(1500))
        except SSL.WantReadError:
            pass

    def _take_control(self) -> None:
        try:
            while True:
                datagram = os.read(self.socket.fileno(), 2048)
                if datagram and (datagram[0] < 4 or 19 < datagram[0] < 64):
                    self.control(datagram)
        except OSError:  # drained, or refused for now
            pass
