"""
The manual as a site, made by Sphinx: ``nox -s site``.

The source is the whole repository, so that links between the manual, the README and
the examples work on the site as they work in the repository.
"""  # noqa: INP001 - a script

from __future__ import annotations

from xray_bridge._version import __version__


project = "xray-bridge"
author = "The xray-bridge authors"
release = __version__
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "*.md",
    "benchmarks/README.md",
    "changelog.d/README.md",
    "examples/**/README.md",
    "findings/README.md",
]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
# Links to headings work as in the repository.
myst_heading_anchors = 4
# The public names are documented in the order of their files, with their types.
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True}
# Blocks without a language are commands and output.
highlight_language = "none"
html_theme = "furo"
html_title = "xray-bridge"
html_copy_source = False
# Prompts and output are not copied with a command.
copybutton_prompt_text = "$ "
suppress_warnings = [
    # Pages that show only a code block, or that begin with a smaller heading.
    "myst.header",
]
