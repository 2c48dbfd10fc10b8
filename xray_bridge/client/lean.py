"""
Import requests without its search for encodings, which takes a tenth of its start.

``client.response`` decodes answers, so nothing here needs it.
"""

from __future__ import annotations

import importlib
import sys
import warnings


__all__ = ["requests", "urllib3"]

DETECTORS = ("charset_normalizer", "chardet")


def _import_without_detectors() -> None:
    hidden = [name for name in DETECTORS if name not in sys.modules]
    try:
        for name in hidden:
            # An import of it raises ImportError.
            sys.modules[name] = None  # type: ignore[assignment]
        with warnings.catch_warnings():
            # requests says that it found none.
            warnings.simplefilter("ignore")
            importlib.import_module("requests")
    except ImportError:
        # requests 2.31 needs one; it is imported below.
        pass
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


_import_without_detectors()

import requests  # noqa: E402
import urllib3  # noqa: E402
