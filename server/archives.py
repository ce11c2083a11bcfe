"""The files of recordings as the settings want them: on the local disk, in object storage too."""

from server.config import ObjectStorageSettings, Settings
from server.errors import ConfigError
from server.services.archive import Archive
from server.storage.files import LocalFiles
from server.storage.objects import ObjectStorage


def archive_of(settings: Settings) -> Archive:
    """The files of recordings: on the local disk, and in object storage where it is set up.

    Raises:
        ConfigError: The object storage cannot be as the settings say, or is not installed.
    """
    return Archive(LocalFiles(settings.recordings_directory), _objects(settings.object_storage))


def _objects(wanted: ObjectStorageSettings) -> ObjectStorage | None:
    if wanted.url is None:
        return None
    try:
        from server.storage.object_store import open_objects  # noqa: PLC0415  (optional)
    except ModuleNotFoundError as error:
        raise ConfigError(
            "object_storage.url needs obstore, which is not installed",
            "Run: pip install 'roomtone[s3]'",
        ) from error
    secret = wanted.secret_access_key
    options = {
        "endpoint": wanted.endpoint,
        "region": wanted.region,
        "access_key_id": wanted.access_key_id,
        "secret_access_key": None if secret is None else secret.get_secret_value(),
    }
    try:
        return open_objects(
            wanted.url,
            {name: value for name, value in options.items() if value is not None},
            allow_http=(wanted.endpoint or "").startswith("http:"),
            timeout_seconds=wanted.timeout_seconds,
        )
    except ValueError as error:
        raise ConfigError(f"object_storage.url cannot be used: {error}") from error
