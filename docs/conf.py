"""Sphinx settings of the documentation."""

project = "Roomtone"
author = "The Roomtone authors"
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Roomtone"
exclude_patterns = ["_build"]
# Pages link to files outside the documentation (examples, the changelog); those are not documents.
# Drawings in mermaid are shown as text here and drawn where the forge renders them.
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]
