"""
Packs the chosen files for an import: one file unchanged, several as one zip.

A user's archive is sent unchanged, after the same checks as an export. The same
files give the same bytes.
"""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

from xray_bridge.dataclass import dataclass
from xray_bridge.errors import FeaturesError, UsageError
from xray_bridge.features import archive, gherkin
from xray_bridge.features.download import DEFAULT_LIMITS, Limits, UnsoundError
from xray_bridge.features.values import Bundle


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xray_bridge.features.files import ChosenFile
    from xray_bridge.features.gherkin import Feature

NOT_SENT = "nothing was sent"
# The earliest time in a zip.
EPOCH = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFiles:
    """The bundles to send, their features by name, and notices on skipped files."""

    bundles: tuple[Bundle, ...]
    features: Mapping[str, Feature]
    left_out: tuple[str, ...]


def pack_files(
    chosen: Sequence[ChosenFile], folder: Path, limits: Limits = DEFAULT_LIMITS
) -> PackedFiles:
    """
    Read all files, and write the bundles to send into ``folder``.

    A feature without scenarios is skipped. Raises FeaturesError for a file that is
    not a feature file, before anything is sent.
    """
    features: dict[str, Feature] = {}
    left_out: list[str] = []
    plain: list[ChosenFile] = []
    archives: list[Bundle] = []
    for number, original in enumerate(chosen):
        # A copy is sent, so that it is what was checked.
        each = _copy_file(original, folder / str(number), limits)
        if each.is_zip:
            inside = _read_archive(each, folder, limits)
            features |= inside
            archives.append(
                Bundle(
                    path=each.path,
                    filename=original.path.name,
                    names=tuple(inside),
                    is_zip=True,
                )
            )
            continue
        feature = _read_feature(each.path, each.name)
        if feature.scenarios or feature.backgrounds:
            features[each.name] = feature
            plain.append(each)
        else:
            left_out.append(f"{each.name} has no scenarios")
    if not features:
        msg = f"there are no scenarios to import: {'; '.join(left_out)}"
        raise FeaturesError(msg, hint=NOT_SENT)
    together = [_bundle_files(plain, folder)] if plain else []
    return PackedFiles(
        bundles=(*together, *archives), features=features, left_out=tuple(left_out)
    )


def _copy_file(each: ChosenFile, folder: Path, limits: Limits) -> ChosenFile:
    most = limits.total_bytes if each.is_zip else limits.file_bytes
    try:
        if each.path.stat().st_size > most:
            msg = f"{each.name} is larger than {most >> 20} MiB"
            raise FeaturesError(msg, hint=NOT_SENT)
        folder.mkdir(exist_ok=True)
        path = folder / f"copy{each.path.suffix}"
        shutil.copyfile(each.path, path)
    except OSError as error:
        raise _unreadable_error(each.name, error) from None
    return replace(each, path=path)


def _bundle_files(chosen: Sequence[ChosenFile], folder: Path) -> Bundle:
    """Bundle the files; only a single file without a folder needs no zip."""
    names = tuple(each.name for each in chosen)
    if len(chosen) == 1 and "/" not in names[0]:
        return Bundle(path=chosen[0].path, filename=names[0], names=names, is_zip=False)
    path = folder / "features.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for each in chosen:
            info = zipfile.ZipInfo(each.name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = PLAIN_FILE
            with each.path.open("rb") as source, packed.open(info, "w") as target:
                shutil.copyfileobj(source, target)
    return Bundle(path=path, filename=path.name, names=names, is_zip=True)


def _read_archive(each: ChosenFile, folder: Path, limits: Limits) -> dict[str, Feature]:
    """Read the features in an archive, unpacked one by one."""
    found = {}
    try:
        if not zipfile.is_zipfile(each.path):
            msg = f"{each.name} is not a zip archive"
            raise FeaturesError(msg, hint=NOT_SENT)
        with archive.open_export(each.path, limits) as packed:
            for name in packed.sizes:
                path = folder / "unpacked"
                packed.unpack(name, path)
                inner = f"{each.name}: {name}"
                found[inner] = _read_feature(path, inner)
                path.unlink()
    except UnsoundError as error:
        msg = f"{each.name} is not a valid archive of feature files: {error.reason}"
        raise FeaturesError(msg, hint=NOT_SENT) from None
    except OSError as error:
        raise _unreadable_error(each.name, error) from None
    return found


def _read_feature(path: Path, name: str) -> Feature:
    try:
        return gherkin.read_feature(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        msg = f"{name} is not UTF-8"
        raise FeaturesError(msg, hint=NOT_SENT) from None
    except OSError as error:
        raise _unreadable_error(name, error) from None
    except gherkin.NoFeatureError as error:
        msg = f"{name} {error.message}"
        hint = f"{NOT_SENT}; {error.hint}" if error.hint else NOT_SENT
        raise FeaturesError(msg, hint=hint) from None


def _unreadable_error(name: str, error: OSError) -> UsageError:
    return UsageError(f"{name} cannot be read: {error.strerror}", hint=NOT_SENT)
