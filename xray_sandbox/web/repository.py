"""
The Test Repository of Server / Data Center.

Source: Xray's manual, 'Test Repository - REST'.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from xray_sandbox.errors import RefusedError
from xray_sandbox.read.documents import expect, text_of, texts_of
from xray_sandbox.store.repository import (
    add_folder,
    count_tests,
    list_folders,
    put_into,
)
from xray_sandbox.store.rows import TEST
from xray_sandbox.web.site import Site


_ROOT = -1
_FOLDERS = "/api/testrepository/<key>/folders"


def add_repository(blueprint: Blueprint, site: Site) -> None:
    """Folders: all of them, a new one, and the Tests in one."""

    @blueprint.get(_FOLDERS)
    def folders(key: str) -> ResponseReturnValue:
        return jsonify({"folders": _tree(site, site.registry.project(key), "")})

    @blueprint.post(f"{_FOLDERS}/<int(signed=True):parent>")
    def new_folder(key: str, parent: int) -> ResponseReturnValue:
        body = expect(request.get_json(silent=True), dict, "body")
        project, name = site.registry.project(key), text_of(body, "name")
        path = f"{_path_of(site, project, parent)}/{name}"
        if not name or "/" in name:
            raise RefusedError("The name of the folder is not valid")
        if path in list_folders(site.store, project):
            raise RefusedError(f"The folder {name} already exists")
        made = add_folder(site.store, project, path)
        return jsonify({"id": made, "name": name, "testRepositoryPath": path})

    @blueprint.put(f"{_FOLDERS}/<int(signed=True):folder>/tests")
    def change_tests(key: str, folder: int) -> ResponseReturnValue:
        body = expect(request.get_json(silent=True), dict, "body")
        project = site.registry.project(key)
        with site.store.transaction():
            path = _path_of(site, project, folder)
            for name, into in (("remove", ""), ("add", path)):
                tests = (site.registry.require(k, TEST) for k in texts_of(body, name))
                put_into(site.store, into, tests)
        return jsonify([])


def _path_of(site: Site, project: str, folder: int) -> str:
    by_id = {id_: path for path, id_ in list_folders(site.store, project).items()}
    if folder == _ROOT:
        return ""
    if folder not in by_id:
        raise RefusedError(f"Folder with id {folder} not found")
    return by_id[folder]


def _tree(site: Site, project: str, above: str) -> list[dict[str, Any]]:
    paths = list_folders(site.store, project)
    inner = [path for path in paths if path.rpartition("/")[0] == above]
    return [
        {
            "id": paths[path],
            "rank": rank,
            "name": path.rpartition("/")[2],
            "testRepositoryPath": path,
            "folders": _tree(site, project, path),
            "testCount": count_tests(site.store, project, path),
        }
        for rank, path in enumerate(inner, 1)
    ]
