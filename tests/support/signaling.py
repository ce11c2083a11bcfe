"""A control plane without media, storage or tokens: what tests of live sessions stand on."""

from dataclasses import replace
from datetime import UTC, datetime

from support.clock import FakeClock
from support.engine import FakeEngine
from support.playbook import FakeSchedule

from signaling.errors import RefusalKind, Refused
from signaling.hub import LiveSessions
from signaling.log import LogEntry
from signaling.messages import ClientMessage, parse
from signaling.model import Access, Meeting, MeetingStatus, Permissions, RecordPolicy, Role
from signaling.ports import Admission, JoinRequest
from signaling.replies import Reply
from signaling.settings import SignalingSettings

MEETING = Meeting(
    id="m1",
    title="Standup",
    status=MeetingStatus.ACTIVE,
    access=Access.LINK,
    record=RecordPolicy.MANUAL,
    max_participants=10,
    created_at=datetime(2026, 11, 20, tzinfo=UTC),
)


class FakeGate:
    """Tokens are `host`, `observer` or anything; resume tokens are `session/participant`.

    What is in `grants` under a token comes by an invitation of that name.
    """

    def __init__(self) -> None:
        self.meeting = MEETING
        self.grants: dict[str, Permissions] = {}
        self.refusals = {
            "expired": (RefusalKind.UNAUTHENTICATED, "token_expired"),
            "foreign": (RefusalKind.FORBIDDEN, "token_for_another_meeting"),
        }

    async def admit(self, request: JoinRequest) -> Admission:
        meeting = replace(self.meeting, id=request.meeting)
        if request.meeting == "nowhere":
            raise Refused(RefusalKind.NOT_FOUND, "meeting_not_found", "no such meeting")
        if request.resume is not None:
            session, _, participant = request.resume.partition("/")
            return Admission(
                meeting,
                "Somebody",
                Role.PARTICIPANT,
                None,
                participant_id=participant,
                resumed_session_id=session,
                permissions=self.grants.get(request.resume),
            )
        if request.token in self.refusals:
            kind, code = self.refusals[request.token]
            raise Refused(kind, code, "no")
        role = Role(request.token) if request.token in set(Role) else Role.PARTICIPANT
        named = request.token[3:] if request.token and request.token.startswith("id:") else None
        granted = self.grants.get(request.token or "")
        return Admission(
            meeting,
            request.name or "Guest",
            role,
            None,
            participant_id=named,
            invitation_id=None if granted is None else request.token,
            permissions=granted,
        )

    async def renew(self, admission: Admission) -> Admission:
        if self.meeting.status is MeetingStatus.INACTIVE:
            raise Refused(RefusalKind.GONE, "meeting_inactive", "closed")
        return admission

    def resume_token(self, admission: Admission, *, session_id: str, participant_id: str) -> str:
        return f"{session_id}/{participant_id}"


class MemoryLog:
    def __init__(self) -> None:
        self.entries: list[LogEntry] = []

    def append(self, entry: LogEntry) -> None:
        self.entries.append(entry)

    def types(self, since: int = 0) -> list[str]:
        return [entry.fact.type for entry in self.entries[since:]]


class MemoryOutbox:
    def __init__(self) -> None:
        self.messages: list[Reply] = []
        self.closed: tuple[int, str] | None = None

    def send(self, message: Reply) -> None:
        assert self.closed is None
        self.messages.append(message)

    def close(self, code: int, reason: str) -> None:
        self.closed = self.closed or (code, reason)

    def of(self, kind: str) -> list[Reply]:
        return [message for message in self.messages if message.type == kind]


class Client:
    """Somebody in a meeting, as far as the control plane sees them."""

    def __init__(self, world: "World", live, outbox: MemoryOutbox) -> None:
        self.world, self.live, self.outbox = world, live, outbox
        self.welcome = outbox.messages[0]

    @property
    def id(self) -> str:
        return self.welcome.you.id

    @property
    def resume(self) -> str:
        return self.welcome.resume

    @property
    def state(self) -> str:
        return self.live.record.state

    def says(self, message: str | ClientMessage) -> None:
        parsed = parse(message) if isinstance(message, str) else message
        self.world.live.receive(self.live, parsed)

    def connects(self) -> "Client":
        self.world.engine.up(self.live.id)
        return self

    def errors(self) -> list[str]:
        return [message.code for message in self.outbox.of("error")]


class World:
    """A control plane on a fake engine and clock."""

    def __init__(self, settings: SignalingSettings | None = None) -> None:
        self.clock = FakeClock()
        self.schedule = FakeSchedule(self.clock)
        self.engine = FakeEngine()
        self.gate = FakeGate()
        self.log = MemoryLog()
        self.faults: list[tuple[str, BaseException]] = []
        self.live = LiveSessions(
            self.engine,
            self.gate,
            self.log,
            self.clock,
            settings or SignalingSettings(),
            lambda name, error: self.faults.append((name, error)),
            schedule=self.schedule,
        )

    async def join(
        self,
        name: str | None = None,
        token: str | None = None,
        resume: str | None = None,
        meeting: str = "m1",
        **how,
    ) -> Client:
        outbox = MemoryOutbox()
        request = JoinRequest(meeting, token, name, resume)
        live = await self.live.join(
            request, protocol=how.pop("protocol", "websocket"), outbox=outbox, **how
        )
        return Client(self, live, outbox)

    def session(self):
        return self.live.session("m1")
