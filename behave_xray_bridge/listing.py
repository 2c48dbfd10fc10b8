"""
List scenarios with their Test keys: a formatter that only ``xray-bridge keys`` uses.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from behave.formatter.base import Formatter

from behave_xray_bridge.convert import Converter, find_places, join_lines, own_tags
from behave_xray_bridge.names import FeaturePaths
from xray_bridge.model import tags


if TYPE_CHECKING:
    from behave.configuration import Configuration
    from behave.formatter.base import StreamOpener
    from behave.model import Feature

    from behave_xray_bridge.convert import Place

# The same name as in ``xray_bridge.check.collect``, which tests do not import.
LIST_TO = "XRAY_BRIDGE_LIST_TO"


class Listing(Formatter):  # type: ignore[misc]
    """Writes a line of JSON for each scenario to the file that a variable names."""

    name = "xray-listing"
    description = "Lists scenarios and their Test keys for xray-bridge keys"

    def __init__(self, stream_opener: StreamOpener, config: Configuration) -> None:
        super().__init__(stream_opener, config)
        given = os.environ.get("XRAY_TAG_PREFIXES", "").split()
        prefixes = tuple(given) or tags.PREFIXES
        paths = FeaturePaths(Path.cwd())
        self._converter = Converter(paths=paths, prefixes=prefixes)
        self._path = Path(os.environ[LIST_TO])
        self._path.touch()

    def _has_own_keys(self, place: Place) -> bool:
        found = tags.read(own_tags(place), prefixes=self._converter.prefixes)
        return bool(found.test_keys)

    def feature(self, feature: Feature) -> None:
        """A feature begins."""
        with self._path.open("a", encoding="utf-8") as file:
            for place in find_places(feature):
                template = place.outline or place.scenario
                meaning = self._converter.read_tags(place)
                line = {
                    "name": template.name,
                    "where": f"{template.filename}:{template.line}",
                    "keys": meaning.test_keys,
                    "inherited": not self._has_own_keys(place),
                    "requirements": meaning.requirements,
                    "ignored": bool(meaning.ignored),
                    "file": str(Path(template.filename).absolute()),
                    "line": template.line,
                    "xray_name": template.name,
                    "title": template.name,
                    "description": join_lines(template.description),
                    "labels": meaning.labels,
                }
                file.write(json.dumps(line) + "\n")
                for tag in meaning.malformed:
                    text = f"{place.where}: @{tag} contains no issue key"
                    file.write(json.dumps({"malformed": text}) + "\n")
