"""The contract with aiortc and aioice: what is relied on, tried against the pinned versions."""

import asyncio

import aioice
import pytest
from aioice import stun
from aiortc.rtcdtlstransport import (
    SRTP_PROFILES,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from aiortc.rtcicetransport import RTCIceCandidate
from support.wait import until

from media.engine.internals import (
    MAX_OPEN_REQUESTS,
    MAX_PAIRS,
    MAX_QUEUED,
    Certificate,
    DtlsSession,
    IceAgent,
    _IceSide,
    host_candidate,
)
from media.plane.datagram_srtp import Scratch

HERE = ("192.0.2.7", 4000)


class Network:
    """Notes what an agent wants."""

    def __init__(self):
        self.sent, self.expected, self.claims, self.released = [], {}, [], 0

    def send(self, datagram, address, index):
        self.sent.append((datagram, address, index))

    def expect(self, transaction, agent):
        self.expected[transaction] = agent

    def forget(self, transaction):
        self.expected.pop(transaction, None)

    def claim(self, address, agent, *, proven):
        self.claims.append((address, proven))

    def release(self, agent):
        self.released += 1


@pytest.fixture
async def agent():
    network = Network()
    candidates = [host_candidate("127.0.0.1", 9000, 65535), host_candidate("::1", 9000, 65534)]
    agent = IceAgent(network, "abcdefgh", ["127.0.0.1", None, "::1"], candidates)
    agent.network = network
    agent.set_remote("them", "p" * 22, lite=False)
    agent.heard = []
    agent.on_heard = lambda: agent.heard.append(1)
    yield agent
    await agent.close()


def request(agent, transaction=None, *, nominate=True, key=None):
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, transaction)
    message.attributes["USERNAME"] = f"{agent.local_username}:them"
    message.attributes["PRIORITY"] = 99
    message.attributes["ICE-CONTROLLING"] = 5
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity((key or agent.local_password).encode())
    return bytes(message)


def answer_to(datagram, password, address=HERE):
    asked = stun.parse_message(datagram)
    message = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)
    message.attributes["XOR-MAPPED-ADDRESS"] = address
    message.add_message_integrity(password.encode())
    return bytes(message)


async def connect(agent):
    """The peer checks, we check back, the peer answers."""
    paths = []
    agent.on_path = lambda address, index: paths.append((address, index))
    connecting = asyncio.create_task(agent.connect())
    await asyncio.sleep(0)
    agent.take(request(agent), HERE, 0)
    await asyncio.sleep(0)
    ours = next(data for data, _, _ in agent.network.sent if data[:2] == b"\x00\x01")
    agent.answered(answer_to(ours, "p" * 22), HERE, 0, 0)
    await asyncio.wait_for(connecting, 5)
    return paths


async def test_is_complete_without_gathering(agent):
    await agent.gather_candidates()
    assert [each.ip for each in agent.advertised] == ["127.0.0.1", "::1"]
    assert agent.parameters.usernameFragment == "abcdefgh"
    assert agent.stun_server is None


async def test_becomes_nominated_by_the_peers_check(agent):
    assert await connect(agent) == [(HERE, 0)]
    assert agent.path == (HERE, 0)
    assert agent.network.claims == [(HERE, False), (HERE, True)]
    assert agent.remote_type == "prflx"
    assert agent.heard


async def test_unauthentic_check_is_not_heard(agent):
    await connect(agent)
    heard = len(agent.heard)
    agent.take(request(agent, key="q" * 22), ("192.0.2.8", 1), 0)
    assert len(agent.heard) == heard
    assert len(agent.network.claims) == 2


async def test_datagrams_of_an_unknown_socket_are_dropped(agent):
    agent.take(request(agent), HERE, 1)
    assert agent.network.sent == []


async def test_a_new_path_is_followed(agent):
    paths = await connect(agent)
    agent.network.sent.clear()
    elsewhere = ("192.0.2.8", 5000)
    agent.take(request(agent), elsewhere, 0)
    await asyncio.sleep(0)
    ours = next(data for data, to, _ in agent.network.sent if data[:2] == b"\x00\x01")
    agent.answered(answer_to(ours, "p" * 22, elsewhere), elsewhere, 0, 0)
    await asyncio.sleep(0)
    assert paths[-1] == (elsewhere, 0)


async def test_probe_is_heard_when_its_answer_is_authentic(agent):
    trips = []
    agent.on_round_trip = trips.append
    agent.probe(0)
    assert agent.network.sent == []  # no path yet
    await connect(agent)
    agent.network.sent.clear()
    heard = len(agent.heard)
    agent.probe(1000)
    probe = agent.network.sent[0][0]
    agent.answered(answer_to(probe, "q" * 22), HERE, 0, 3000)
    assert len(agent.heard) == heard
    agent.probe(1000)
    agent.answered(answer_to(agent.network.sent[1][0], "p" * 22), HERE, 0, 3000)
    assert (len(agent.heard), trips) == (heard + 1, [2000])


async def test_unanswered_requests_are_bounded_and_forgotten_at_the_end(agent):
    await connect(agent)
    for _ in range(3 * MAX_OPEN_REQUESTS):
        agent.probe(0)
    assert len(agent.network.expected) == MAX_OPEN_REQUESTS
    assert len(agent._probes) == MAX_OPEN_REQUESTS
    await agent.close()
    assert agent.network.expected == {}


async def test_consent_is_not_judged_here(agent):
    await connect(agent)
    await agent.query_consent()
    assert agent.path is not None


async def test_only_dtls_waits_and_only_so_much(agent):
    for _ in range(MAX_QUEUED + 50):
        agent.data_received(b"\x16" + bytes(20), 1)
    agent.data_received(b"\x80" + bytes(20), 1)
    assert agent._queue.qsize() == MAX_QUEUED


async def test_pairs_are_bounded(agent):
    await connect(agent)
    for port in range(1, MAX_PAIRS + 200):
        agent.take(request(agent), ("192.0.2.9", port), 0)
    candidate = RTCIceCandidate(1, "f", "192.0.2.10", 9, 1, "udp", "host")
    await agent.add(candidate)
    assert len(agent._check_list) == MAX_PAIRS


async def test_certificate_has_one_context_and_a_fingerprint():
    certificate = Certificate.generateCertificate()
    assert certificate._create_ssl_context(SRTP_PROFILES) is certificate._create_ssl_context([])
    assert certificate.fingerprint.algorithm == "sha-256"


class Pipe:
    """One end of a pair of agents for DTLS alone."""

    def __init__(self):
        self.inbox = asyncio.Queue()
        self.other = None

    async def recv(self):
        return await self.inbox.get()

    async def send(self, data):
        self.other.inbox.put_nowait(data)


async def shake(certificate, fingerprints=None):
    ours, theirs = Pipe(), Pipe()
    ours.other, theirs.other = theirs, ours
    closed = []
    server = DtlsSession(ours, certificate, lambda: closed.append(1))
    theirs_certificate = Certificate.generateCertificate()
    client = RTCDtlsTransport(_IceSide(theirs), [theirs_certificate])
    client._set_role("client")
    parameters = RTCDtlsParameters(fingerprints=[certificate.fingerprint], role="server")
    wanted = fingerprints or [theirs_certificate.fingerprint]
    keys, _ = await asyncio.wait_for(
        asyncio.gather(server.handshake(wanted), client.start(parameters)), 10
    )
    return server, client, keys, closed


async def test_passive_handshake_gives_the_strongest_profile_and_keys_that_fit():
    server, client, keys, closed = await shake(Certificate.generateCertificate())
    assert keys.profile == "SRTP_AEAD_AES_256_GCM"
    compound = b"\x80\xc9\x00\x01\x00\x00\x00\x05"
    scratch = Scratch()
    there = scratch.protect_rtcp(keys.transmit, compound)
    assert client._rx_srtp.unprotect_rtcp(there) == compound
    back = client._tx_srtp.protect_rtcp(compound)
    assert scratch.unprotect_rtcp(keys.receive, back) == compound
    await client.stop()
    await until(lambda: closed)
    await server.stop()
    assert closed == [1]


async def test_our_goodbye_reaches_the_peer_and_is_not_told_to_ourselves():
    server, client, _, closed = await shake(Certificate.generateCertificate())
    await server.stop()
    await until(lambda: client.state == "closed")
    assert closed == []
    await client.stop()


async def test_a_foreign_certificate_gives_no_keys():
    wrong = [RTCDtlsFingerprint("sha-256", ":".join(["AA"] * 32))]
    server, client, keys, _ = await shake(Certificate.generateCertificate(), wrong)
    assert keys is None
    await client.stop()
    await server.stop()


def test_versions_are_the_ones_that_were_tried():
    assert aioice.__version__ == "0.13.0"
