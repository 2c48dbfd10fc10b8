"""A start that asks for nothing is cheap, and looks as if all were registered."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from xray_bridge.config.settings import TABLE


if TYPE_CHECKING:
    from tests.adapters.pytest.conftest import Project

GREEN = "def test_it(): pass"


# The same settings in each format that pytest reads.
FILES = {
    "pytest.ini": "[pytest]\nxray_project = CALC\nxray_url: https://jira.example.com\n",
    "pyproject.toml": "[tool.pytest.ini_options]\nxray_project = 'CALC'\n",
    "setup.cfg": "[tool:pytest]\nxray_project=CALC\n",
    "": "",
}


@pytest.mark.real_start
@pytest.mark.parametrize("name", FILES)
def test_imports_no_settings(project: Project, name: str) -> None:
    """Only names are imported if nothing asks for the plugin, whatever is set."""
    if name:
        (project.pytester.path / name).write_text(FILES[name], "ascii")
    project.pytester.makeconftest(
        """
        import sys
        def pytest_sessionfinish():
            assert "pytest_xray_bridge.plugin" in sys.modules
            assert not [name for name in sys.modules if name.startswith("xray_bridge")]
        """
    )
    project.pytester.makepyfile(GREEN)

    assert project.run().ret == pytest.ExitCode.OK


@pytest.mark.real_start
def test_imports_only_what_is_asked_for(project: Project) -> None:
    """A session that only records imports nothing of what other sessions do."""
    others = [
        "pytest_xray_bridge.datasets",
        "pytest_xray_bridge.quarantine",
        "pytest_xray_bridge.rerun",
        "xray_bridge.model.selection",
        "xray_bridge.recording.datasets",
        "xray_bridge.recording.selecting",
    ]
    project.pytester.makeconftest(
        f"""
        import sys
        def pytest_unconfigure():
            assert "pytest_xray_bridge.reporter" in sys.modules
            assert not [name for name in {others} if name in sys.modules]
        """
    )
    project.pytester.makepyfile(GREEN)

    assert project.run("--xray-collect").ret == pytest.ExitCode.OK


@pytest.mark.parametrize("flags", [(), ("--xray-timeout", "9")])
def test_all_options_are_readable(project: Project, flags: tuple[str, ...]) -> None:
    """A flag, its name and its ini option are there, given or not."""
    names = {
        setting.pytest_flag: setting.ini
        for setting in TABLE.values()
        if not setting.secret
    }
    project.pytester.makeconftest(
        f"""
        def pytest_configure(config):
            given = "9" if config.invocation_params.args[-2:-1] else None
            for flag, name in {names!r}.items():
                found = config.getoption(flag)
                assert found == config.getoption(name) == getattr(config.option, name)
                assert config.getini(name) is None
                if name != "xray_timeout":
                    assert found is None
            print("timeout:", config.getoption("--xray-timeout"))
        """
    )
    project.pytester.makepyfile(GREEN)

    result = project.run("-s", *flags)

    assert result.ret == pytest.ExitCode.OK
    assert f"timeout: {flags[1] if flags else None}" in result.stdout.str()


def test_an_option_that_a_conftest_sets_counts(project: Project) -> None:
    """A project may ask for the plugin in its code, as for other options of pytest."""
    project.pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_configure(config):
            config.option.xray_collect = "yes"
            config.option.xray_project = "CALC"
        """
    )
    project.pytester.makepyfile(GREEN)

    result = project.run()

    result.stdout.fnmatch_lines(["Collected 1 result; nothing was sent."])


# Lines of a screen.
SCREEN = 45


@pytest.mark.parametrize("ask", ["--help", "-h", "-vh"])
def test_help_is_a_screen(project: Project, ask: str) -> None:
    """Common settings are shown by purpose, with the command that shows the rest."""
    project.pytester.makeini("[pytest]\nxray_captures = all\n")

    text = project.run(ask).stdout.str()

    ours = [line for line in text.splitlines() if "xray" in line.lower()]
    assert "send nothing; print what would be sent" in text
    assert "Xray: where results go (`xray-bridge help` lists all settings)" in text
    assert "--xray-test-plan" in text
    assert "--xray-jira-auth" not in text
    assert "xray_captures" in text
    assert len(ours) < SCREEN


# pytest reads arguments from files since 8.2.
READS_FILES = pytest.mark.skipif(pytest.version_tuple < (8, 2), reason="reads no files")


@pytest.mark.parametrize(
    "where", ["ini", "environment", pytest.param("file", marks=READS_FILES), "plugin"]
)
def test_flag_from_elsewhere(project: Project, where: str) -> None:
    """A flag counts wherever the argument comes from."""
    flags = "--xray-collect --xray-project CALC"
    project.pytester.makepyfile(GREEN)
    given: tuple[str, ...] = ()
    environ = {}
    if where == "ini":
        project.pytester.makeini(f"[pytest]\naddopts = {flags}")
    elif where == "environment":
        environ["PYTEST_ADDOPTS"] = flags
    elif where == "file":
        project.pytester.makefile(".txt", args="\n".join(flags.split()))
        given = ("@args.txt",)
    else:
        project.pytester.makepyfile(
            late=f"def pytest_load_initial_conftests(args): args += {flags.split()}"
        )
        environ["PYTHONPATH"] = str(project.pytester.path)
        given = ("-p", "late")

    project.run(*given, **environ)

    assert len(project.journal) == 1


@pytest.mark.parametrize("word", ["-o xray_collect=yes", "-oxray_collect=yes"])
def test_setting_on_the_command_line(project: Project, word: str) -> None:
    """pytest's way to override its file counts, without a file."""
    project.pytester.makepyfile(GREEN)

    project.run(*word.split(), "-oxray_project=CALC")

    assert len(project.journal) == 1


@pytest.mark.parametrize("where", ["file", "command line"])
def test_misspelt_setting_is_refused(project: Project, where: str) -> None:
    """A session that asks for an upload with a wrong word does not just run."""
    project.pytester.makepyfile(GREEN)
    given: tuple[str, ...] = ()
    if where == "file":
        project.pytester.makeini("[pytest]\nxray_project = CALC\nxray_uplaod = yes")
    else:
        given = ("-o", "xray_uplaod=yes")

    result = project.run(*given)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*did you mean xray_upload?*"])


def test_misspelt_flag_is_refused(project: Project) -> None:
    """An unknown flag is a usage error."""
    project.pytester.makepyfile(GREEN)

    result = project.run("--xray-uplaod")

    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_hooks_of_users_are_known_without_flags(project: Project) -> None:
    """A hook in a deeper ``conftest.py`` is no unknown hook."""
    folder = project.pytester.mkpydir("deeper")
    (folder / "conftest.py").write_text(
        "def pytest_xray_evidence(item, report): return None", "ascii"
    )
    (folder / "test_it.py").write_text(GREEN, "ascii")

    result = project.run()

    assert result.ret == pytest.ExitCode.OK


def test_hook_with_a_wrong_argument_is_refused(project: Project) -> None:
    """The error is the user's, and says which argument it is."""
    project.pytester.makeconftest("def pytest_xray_evidence(itm): return None")
    project.pytester.makepyfile(GREEN)

    result = project.run()

    assert result.ret != pytest.ExitCode.OK
    output = f"{result.stdout.str()}{result.stderr.str()}"
    assert "itm" in output
    assert "xray-bridge itself" not in output


def test_late_hook_is_called(project: Project) -> None:
    """A hook of a ``conftest.py`` that the collection finds takes part."""
    folder = project.pytester.mkpydir("deeper")
    (folder / "conftest.py").write_text(
        "def pytest_xray_test_keys(item): return 'CALC-9'", "ascii"
    )
    (folder / "test_it.py").write_text(GREEN, "ascii")

    project.run("--xray-collect", "--xray-project", "CALC")

    assert project.journal[0]["test_keys"] == ["CALC-9"]


def test_plugin_that_is_registered_in_process(project: Project) -> None:
    """``pytest.main(plugins=...)`` registers it before pytest reads its file."""
    project.pytester.makepyfile(GREEN)
    project.pytester.makepyfile(
        calls="""
        import sys, pytest
        from pytest_xray_bridge import plugin
        flags = ["-p", "no:xray-bridge", "--xray-collect", "--xray-project=CALC"]
        sys.exit(pytest.main(flags, plugins=[plugin]))
        """
    )

    finished = project.pytester.run(sys.executable, "calls.py")

    assert finished.ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("arguments", "is_idle"),
    [
        (("--xray-sandbox",), True),
        (("--xray-sandbox", "-q"), True),
        (("--xray-sandbox", "--xray-report=a.xml"), True),
        (("--xray-sandbox", "--xray-collect"), True),
        (("--xray-sandbox", "--xray-dry-run", "--xray-project=CALC"), False),
        (("--xray-sandbox", "--xray-select=CALC-15"), False),
        (("-o", "xray_sandbox=yes"), False),
    ],
)
def test_sandbox_that_nothing_is_sent_to(
    project: Project, arguments: tuple[str, ...], is_idle: bool
) -> None:
    """A flag that does nothing is told once, with what to type."""
    project.pytester.makepyfile(
        "import pytest\n@pytest.mark.xray('CALC-1')\ndef test_it(): pass"
    )

    result = project.run(*arguments)

    assert result.ret == 0
    note = (
        "Note: --xray-sandbox does nothing, because this session sends and fetches "
        "nothing; to upload into the sandbox, type: pytest --xray-upload --xray-sandbox"
    )
    assert result.outlines.count(note) == is_idle
