"""Hooks of behave that fail for some tags, and hooks of xray-bridge."""

from __future__ import annotations

from behave.contrib.scenario_autoretry import patch_scenario_with_autoretry

from xray_bridge import EvidenceSource


def fail(hook, tags):
    """Fail in the hook that a tag names."""
    if hook in tags:
        raise OSError(f"no battery in {hook}")


def before_feature(context, feature):
    """Run once for each feature."""
    fail("before_feature", feature.tags)
    for scenario in feature.scenarios:
        if "flaky" in scenario.tags:
            patch_scenario_with_autoretry(scenario, max_attempts=2)


def before_tag(context, tag):
    """Run once for each tag."""
    fail("before_tag", [tag])


def before_scenario(context, scenario):
    """Run once for each scenario and each row of an outline."""
    context.numbers = [0]
    fail("before_scenario", scenario.tags)
    if "cleanup" in scenario.tags:
        context.add_cleanup(fail, "cleanup", scenario.tags)
    if "not_today" in scenario.tags:
        scenario.skip("not today")


def before_step(context, step):
    """Run once for each step."""
    fail("before_step", context.tags)


def after_step(context, step):
    """Run once for each step."""
    fail("after_step", context.tags)


def after_scenario(context, scenario):
    """Run once for each scenario and each row of an outline."""
    fail("after_scenario", scenario.tags)


def xray_test_keys(scenario):
    """Return keys in addition to those in tags."""
    return {"A hook returns the key": "CALC-454"}.get(scenario.name)


def xray_evidence(scenario):
    """Return the display when a scenario has failed."""
    if "CALC-453" in scenario.tags and scenario.status.name != "passed":
        return [EvidenceSource(b"ERROR\n", "display.txt", "text/plain")]
    return None


def xray_defects(scenario):
    """Return the issue of a known failure."""
    return "CALC-302" if "CALC-453" in scenario.tags else None
