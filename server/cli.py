"""The command `roomtone`. Slow imports wait until a command needs them."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from server.errors import ConfigError, ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.configfiles import Loaded

FAILED, USAGE = 1, 2

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)
recording = typer.Typer(no_args_is_help=True, help="Look at, copy, share, check recordings.")
token = typer.Typer(no_args_is_help=True, help="Make tokens for people and programs.")
key = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")
secret = typer.Typer(no_args_is_help=True, help="Make the secret that signs join tokens.")
config = typer.Typer(no_args_is_help=True, help="Look at settings.")
app.add_typer(recording, name="recording")
app.add_typer(token, name="token")
app.add_typer(key, name="key")
app.add_typer(secret, name="secret")
app.add_typer(config, name="config")

DataFlag = Annotated[
    Path | None,
    typer.Option("--data", help="Directory of everything that is kept."),
]
ConfigFlag = Annotated[
    Path | None,
    typer.Option("--config", envvar="ROOMTONE_CONFIG", help="A TOML file with settings."),
]
SetFlag = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any setting, such as rtc.udp_port=40001."),
]
RecordingArgument = Annotated[str, typer.Argument(help="The recording's id.")]
DevFlag = Annotated[
    bool | None,
    typer.Option("--dev/--no-dev", help="Development mode: this machine only, no sign-in."),
]


def main() -> None:
    """Run the command line."""
    os.umask(0o077)  # keys, tokens and recordings are for the server's own account
    try:
        app()
    except ServerError as error:
        complain(error)
    except BrokenPipeError:
        sys.exit(FAILED)


def complain(error: ServerError) -> NoReturn:
    """Say on standard error what is wrong and what to do about it; end with its code."""
    sys.stderr.write(f"roomtone: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"  hint: {error.hint}\n")
    sys.exit(USAGE if isinstance(error, ConfigError) else FAILED)


@app.command()
def serve(
    dev: DevFlag = None,
    host: Annotated[str | None, typer.Option(help="Address for HTTP.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port for HTTP.")] = None,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
    sets: SetFlag = None,
) -> None:
    """Run the server until Ctrl-C or SIGTERM."""
    from media.clock import SystemClock  # noqa: PLC0415
    from server.secret import require_secret  # noqa: PLC0415

    began = SystemClock().monotonic()

    flags = {"dev": dev, "http.host": host, "http.port": port, "storage.data": data}
    settings = _load(config_file, sets, flags).settings
    require_secret(settings)
    from server.commands.serve import run  # noqa: PLC0415

    run(settings, began)


@app.command()
def version(
    json_form: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Print the version."""
    import json  # noqa: PLC0415

    from server.about import NAME, version_text  # noqa: PLC0415

    facts = {"name": NAME, "version": version_text()}
    typer.echo(json.dumps(facts) if json_form else " ".join(facts.values()))


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
    sets: SetFlag = None,
) -> None:
    """Delete recordings that are older than recording.retention_days."""
    from server.commands.prune import prune as prune_recordings  # noqa: PLC0415

    settings = _load(config_file, sets, {"storage.data": data}).settings
    for line in prune_recordings(settings, dry_run=dry_run):
        typer.echo(line)


@recording.command("list")
def recording_list(
    meeting: Annotated[str | None, typer.Option(help="Only this meeting's.")] = None,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
    json_form: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List recordings, newest first."""
    from server.commands.recordings import listing  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data}).settings
    for line in listing(settings, meeting=meeting, as_json=json_form):
        typer.echo(line)


@recording.command("show")
def recording_show(
    recording_id: RecordingArgument, data: DataFlag = None, config_file: ConfigFlag = None
) -> None:
    """Print a recording with its files as JSON."""
    from server.commands.recordings import show  # noqa: PLC0415

    typer.echo(show(_load(config_file, None, {"storage.data": data}).settings, recording_id))


@recording.command("download")
def recording_download(
    recording_id: RecordingArgument,
    target: Annotated[Path, typer.Argument(help="Directory to copy the files into.")],
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Copy a recording's files and manifest."""
    from server.commands.recordings import download  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data}).settings
    for path in download(settings, recording_id, target):
        typer.echo(path)


@recording.command("share")
def recording_share(
    recording_id: RecordingArgument,
    ttl: Annotated[int, typer.Option(min=60, help="Life in seconds.")] = 604_800,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Make a link to a recording and print it: it cannot be shown again."""
    from server.commands.recordings import share  # noqa: PLC0415

    typer.echo(share(_load(config_file, None, {"storage.data": data}).settings, recording_id, ttl))


@recording.command("verify")
def recording_verify(
    recording_id: Annotated[
        str | None, typer.Argument(help="The recording's id; all without it.")
    ] = None,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Decode every file and check hashes, durations and places in time; exits 1 on a fault."""
    from server.commands.recordings import verify  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data}).settings
    lines, good = verify(settings, recording_id)
    for line in lines:
        typer.echo(line)
    if not good:
        raise typer.Exit(FAILED)


@recording.command("hold")
def recording_hold(
    recording_id: RecordingArgument,
    why: Annotated[str | None, typer.Option(help="The reason, for those who ask.")] = None,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Let nobody and nothing delete a recording, until it is released."""
    from server.commands.recordings import hold  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data}).settings
    hold(settings, recording_id, why, on=True)
    sys.stderr.write(f"held {recording_id}\n")


@recording.command("release")
def recording_release(
    recording_id: RecordingArgument, data: DataFlag = None, config_file: ConfigFlag = None
) -> None:
    """Let a held recording be deleted again."""
    from server.commands.recordings import hold  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data}).settings
    hold(settings, recording_id, None, on=False)
    sys.stderr.write(f"released {recording_id}\n")


@recording.command("rm")
def recording_rm(
    recording_id: RecordingArgument, data: DataFlag = None, config_file: ConfigFlag = None
) -> None:
    """Delete a finished recording with its files."""
    from server.commands.recordings import remove  # noqa: PLC0415

    remove(_load(config_file, None, {"storage.data": data}).settings, recording_id)
    sys.stderr.write(f"deleted {recording_id}\n")


@token.command("user")
def token_user(
    sub: Annotated[str, typer.Option(help="The identity's subject, such as user_01.")],
    name: Annotated[str, typer.Option(help="Display name.")],
    ttl: Annotated[int, typer.Option(min=1, help="Life in seconds.")] = 3600,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Print a user token of the local issuer, and nothing else."""
    from server.commands.user_token import user_token  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data}).settings
    typer.echo(user_token(settings, sub, name, ttl))


@token.command("inspect")
def token_inspect(
    credential: Annotated[str, typer.Argument(metavar="TOKEN", help="A token, or - for stdin.")],
    dev: DevFlag = None,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Explain what a token says and why the server accepts it or refuses it."""
    from server.commands.inspect_token import inspect_token  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data, "dev": dev}).settings
    text = sys.stdin.readline() if credential == "-" else credential
    accepted, lines = inspect_token(settings, text)
    typer.echo("\n".join(lines))
    if not accepted:
        raise typer.Exit(FAILED)


@token.command("join")
def token_join(  # noqa: PLR0913, PLR0917  (flags)
    meeting: Annotated[str, typer.Argument(help="The meeting's id.")],
    name: Annotated[str, typer.Option(help="Display name.")],
    role: Annotated[str, typer.Option(help="host, participant or observer.")] = "participant",
    user_id: Annotated[
        str | None,
        typer.Option(help="The identity's subject; registers the user."),
    ] = None,
    ttl: Annotated[int | None, typer.Option(min=10, help="Life in seconds.")] = None,
    dev: DevFlag = None,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Print a join token, and on the next line the link that carries it."""
    from server.commands.tokens import join_token  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data, "dev": dev}).settings
    issued = join_token(settings, meeting, name=name, role=role, user_id=user_id, ttl=ttl)
    typer.echo(issued.token)
    typer.echo(issued.url)


@key.command("create")
def key_create(  # noqa: PLR0913, PLR0917  (flags)
    name: Annotated[str, typer.Option(help="What the key is for.")] = "unnamed",
    foreign_token: Annotated[
        str | None,
        typer.Option("--token", help="Accept this token of another service instead of a new key."),
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="With --key: the address that the key belongs to.")
    ] = None,
    foreign_key: Annotated[
        str | None, typer.Option("--key", help="Accept this key together with --email.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="The account id that those clients name.")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option("--app", help="The app id that those clients name.")
    ] = None,
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Make an API key and print it: it cannot be shown again. Or accept another service's."""
    from server.commands.keys import Foreign, create, register  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data}).settings
    foreign = Foreign(foreign_token, email, foreign_key, account, workspace)
    if not foreign.given:
        typer.echo(create(settings, name))
        return
    for line in register(settings, name, foreign):
        typer.echo(line)


@key.command("list")
def key_list(
    data: DataFlag = None,
    config_file: ConfigFlag = None,
    json_form: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List API keys by id, name and first characters."""
    from server.commands.keys import listing  # noqa: PLC0415

    settings = _load(config_file, None, {"storage.data": data}).settings
    for line in listing(settings, as_json=json_form):
        typer.echo(line)


@key.command("revoke")
def key_revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `key list` shows it.")],
    data: DataFlag = None,
    config_file: ConfigFlag = None,
) -> None:
    """Refuse an API key from now on."""
    from server.commands.keys import revoke  # noqa: PLC0415

    revoke(_load(config_file, None, {"storage.data": data}).settings, key_id)
    sys.stderr.write(f"revoked {key_id}\n")


@secret.command("create")
def secret_create() -> None:
    """Print a new secret for auth.secret."""
    from server.secret import make_secret  # noqa: PLC0415

    typer.echo(make_secret())


@config.command("show")
def config_show(
    dev: DevFlag = None, config_file: ConfigFlag = None, sets: SetFlag = None, data: DataFlag = None
) -> None:
    """Print every setting in force and where it comes from."""
    from server.configdocs import in_force  # noqa: PLC0415

    for line in in_force(_load(config_file, sets, {"dev": dev, "storage.data": data})):
        typer.echo(line)


@config.command("docs")
def config_docs() -> None:
    """Print the reference page of all settings (Markdown)."""
    from server.configdocs import page  # noqa: PLC0415

    typer.echo(page(), nl=False)


def _load(
    file: Path | None, sets: list[str] | None, flags: "Mapping[str, object | None]"
) -> "Loaded":
    from server.configfiles import assignments, load  # noqa: PLC0415

    given = {name: value for name, value in flags.items() if value is not None}
    return load(file=file, flags={**assignments(sets or []), **given})
