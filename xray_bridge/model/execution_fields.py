"""
The fields of a Test Execution, and their names in Xray's APIs.

Sources: Xray's manual, "Import Execution Results - REST" and "Using Xray JSON format
to import execution results", of both products.
"""

from __future__ import annotations

from xray_bridge.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionField:
    """
    One field; an empty name means that this API does not have it.

    ``name`` is our setting, ``json_name`` its name in ``info`` of Xray JSON,
    ``query_name`` its name in the query of endpoints that fill an existing Test
    Execution. ``cloud_name`` is its name in ``xrayFields`` of the info part. ``title``
    is the English name of the custom field on Server; ``custom_type`` is the type of
    that field, an array. A field without a type can only be found by its title.
    ``is_time`` says that the run gives the value, and no setting.
    """

    name: str
    json_name: str
    query_name: str = ""
    cloud_name: str = ""
    title: str = ""
    custom_type: str = ""
    is_time: bool = False


EXECUTION_FIELDS = (
    ExecutionField(
        name="test_plan",
        json_name="testPlanKey",
        query_name="testPlanKey",
        cloud_name="testPlanKey",
        title="Test Plan",
        custom_type="com.xpandit.plugins.xray:test-plan-custom-field",
    ),
    ExecutionField(
        name="environments",
        json_name="testEnvironments",
        query_name="testEnvironments",
        cloud_name="environments",
        title="Test Environments",
        custom_type="com.xpandit.plugins.xray:test-environments-custom-field",
    ),
    ExecutionField(
        name="revision",
        json_name="revision",
        query_name="revision",
        title="Revision",
    ),
    # Jira's own, on both products.
    ExecutionField(name="fix_version", json_name="version", query_name="fixVersion"),
    ExecutionField(
        name="started", json_name="startDate", title="Begin Date", is_time=True
    ),
    ExecutionField(
        name="finished", json_name="finishDate", title="End Date", is_time=True
    ),
)
# Xray's own fields: custom fields on Server, in ``xrayFields`` on Cloud.
XRAY_FIELDS = tuple(
    field for field in EXECUTION_FIELDS if field.title and not field.is_time
)
