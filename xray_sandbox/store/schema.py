"""The tables. Lists that are never searched are stored as JSON text."""

from __future__ import annotations


TABLES = (
    """CREATE TABLE IF NOT EXISTS project (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS version (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        project TEXT NOT NULL REFERENCES project (key),
        name TEXT NOT NULL,
        UNIQUE (project, name)
    )""",
    """CREATE TABLE IF NOT EXISTS environment (
        project TEXT NOT NULL REFERENCES project (key),
        name TEXT NOT NULL,
        UNIQUE (project, name)
    )""",
    """CREATE TABLE IF NOT EXISTS issue (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        project TEXT NOT NULL REFERENCES project (key),
        number INTEGER NOT NULL,
        type TEXT NOT NULL,
        summary TEXT NOT NULL,
        description TEXT NOT NULL DEFAULT '',
        labels TEXT NOT NULL DEFAULT '[]',
        fix_versions TEXT NOT NULL DEFAULT '[]',
        environments TEXT NOT NULL DEFAULT '[]',
        revision TEXT NOT NULL DEFAULT '',
        fields TEXT NOT NULL DEFAULT '{}',
        kind TEXT NOT NULL DEFAULT '',
        definition TEXT NOT NULL DEFAULT '',
        scenario TEXT NOT NULL DEFAULT '',
        requirements TEXT NOT NULL DEFAULT '[]',
        adopted INTEGER NOT NULL DEFAULT 0,
        created TEXT NOT NULL,
        UNIQUE (project, number)
    )""",
    "CREATE INDEX IF NOT EXISTS issue_definition ON issue (type, project, definition)",
    "CREATE INDEX IF NOT EXISTS issue_summary ON issue (type, project, summary)",
    """CREATE TABLE IF NOT EXISTS plan_member (
        plan_id INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
        issue_id INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
        PRIMARY KEY (plan_id, issue_id)
    )""",
    "CREATE INDEX IF NOT EXISTS plan_member_issue ON plan_member (issue_id)",
    """CREATE TABLE IF NOT EXISTS run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        execution_id INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
        test_id INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
        status TEXT NOT NULL,
        comment TEXT NOT NULL,
        log TEXT NOT NULL,
        started TEXT NOT NULL,
        finished TEXT NOT NULL,
        executed_by TEXT NOT NULL,
        defects TEXT NOT NULL,
        steps TEXT NOT NULL,
        iterations TEXT NOT NULL,
        examples TEXT NOT NULL,
        custom_fields TEXT NOT NULL,
        UNIQUE (execution_id, test_id)
    )""",
    """CREATE TABLE IF NOT EXISTS evidence (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
        filename TEXT NOT NULL,
        media_type TEXT NOT NULL,
        size INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        place TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX IF NOT EXISTS evidence_run ON evidence (run_id)",
    """CREATE TABLE IF NOT EXISTS filter (
        id INTEGER PRIMARY KEY,
        keys TEXT NOT NULL,
        jql TEXT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS request (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        method TEXT NOT NULL,
        path TEXT NOT NULL,
        query TEXT NOT NULL,
        status INTEGER NOT NULL,
        content_type TEXT NOT NULL,
        parts TEXT NOT NULL
    )""",
    # Everything else of Jira, as JSON: comments, versions, sprints, builds and so on.
    """CREATE TABLE IF NOT EXISTS document (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        owner INTEGER NOT NULL,
        name TEXT NOT NULL,
        content TEXT NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS document_name ON document (kind, owner, name)",
    """CREATE TABLE IF NOT EXISTS issue_link (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        type TEXT NOT NULL,
        source INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
        destination INTEGER NOT NULL REFERENCES issue (id) ON DELETE CASCADE,
        UNIQUE (source, destination, type)
    )""",
    # Ids of issues and of projects are never mixed up by accident.
    """INSERT INTO sqlite_sequence (name, seq) SELECT 'issue', 38000
        WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'issue')""",
    """INSERT INTO sqlite_sequence (name, seq) SELECT 'project', 10400
        WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'project')""",
)
