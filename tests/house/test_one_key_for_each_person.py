"""Each table of the personal database names whose its rows are: what a division among several servers goes by.

A device is its own person (``devices_device_is_its_own_subject``), so its id is that person's.
"""

from tests.database import PortalDatabase

# What holds no person's rows, or everybody's at once.
OF_NOBODY = {
    "devices_applogremoval": "which month of logs went from the server, for all",
    "devices_batch": "ids of a gateway's batches, without records",
    "devices_importedrow": "rows of a list before anybody is registered; they go when the import ends",
    "devices_invalidation": "who was closed, for the caches of all processes",
    "django_migrations": "Django's own",
    "jobs_personaloutbox": "orders to other apps, each of one or of many",
    "retention_personaljournalcursor": "how far this database came in the journal",
}
TABLES = """
SELECT c.relname, array_agg(a.attname::text) FILTER (WHERE a.attname IN ('subject_id', 'device_id') AND a.attnotnull)
FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY c.relname ORDER BY 1
"""
FOREIGN = """
SELECT conrelid::regclass::text, confrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND connamespace = 'public'::regnamespace
"""


def test_every_table_of_a_person_names_the_person(portal_database: PortalDatabase) -> None:
    with portal_database.connect(alias="personal") as server:
        found = dict(server.execute(TABLES).fetchall())
    assert {"devices_device", "devices_report", "subjects_contact"} <= {name for name, keys in found.items() if keys}
    assert sorted(name for name, keys in found.items() if not keys) == sorted(OF_NOBODY)
    assert all(len(keys) == 1 for keys in found.values() if keys), "one key, not two"


def test_a_device_is_its_own_person(portal_database: PortalDatabase) -> None:
    asked = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'devices_device_is_its_own_subject'"
    with portal_database.connect(alias="personal") as server:
        assert server.execute(asked).fetchone() == ("CHECK ((subject_id = id))",)


def test_no_row_points_to_another_persons(portal_database: PortalDatabase) -> None:
    with portal_database.connect(alias="personal") as server:
        found = server.execute(FOREIGN).fetchall()
    own = "FOREIGN KEY (device_id) REFERENCES devices_device(id) DEFERRABLE INITIALLY DEFERRED"
    assert found == [("devices_licence", "devices_device", own)]
