"""The archive opens to a role of its own: web and worker are ``portal_archivist`` there, and nobody else (D-04)."""

from django.db import migrations

HAND_OVER = """
DO $$
DECLARE
    giver text := '{giver}';
    taker text := '{taker}';
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = taker) THEN
        RAISE EXCEPTION 'The role % is missing.', taker
            USING HINT = 'As a superuser run what manage.py provision_sql prints, then migrate again.';
    END IF;
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), taker);
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', taker);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO %I', taker);
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO %I', taker);
    EXECUTE format('ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', taker);
    EXECUTE format('ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO %I', taker);
    SET LOCAL ROLE portal_ledger;
    EXECUTE format('GRANT USAGE ON SCHEMA ledger TO %I', taker);
    EXECUTE format('GRANT SELECT ON ledger.touch TO %I', taker);
    EXECUTE format('GRANT INSERT ON ledger.perch TO %I', taker);
    EXECUTE format('GRANT EXECUTE ON FUNCTION ledger.forget_touches() TO %I', taker);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = giver) THEN
        EXECUTE format('REVOKE ALL ON ledger.touch, ledger.perch FROM %I', giver);
        EXECUTE format('REVOKE ALL ON FUNCTION ledger.forget_touches() FROM %I', giver);
        EXECUTE format('REVOKE ALL ON SCHEMA ledger FROM %I', giver);
        RESET ROLE;
        EXECUTE format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM %I', giver);
        EXECUTE format('ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM %I', giver);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', giver);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM %I', giver);
        EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', giver);
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), giver);
    END IF;
    RESET ROLE;
END $$;
"""

# Neither sealer nor notary has anything to do in the archive.
NOBODY_ELSE = """
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['portal_sequencer', 'portal_notary', 'portal_pruner'] LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role);
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), role);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("retention", "0006_steps_of_a_line_touch_no_index"),
        ("ledger", "0005_reviews"),
        ("jobs", "0002_patience"),
    ]

    operations = [
        migrations.RunSQL(
            HAND_OVER.format(giver="portal_app", taker="portal_archivist"),
            HAND_OVER.format(giver="portal_archivist", taker="portal_app"),
            hints={"database": "archive"},
        ),
        migrations.RunSQL(NOBODY_ELSE, migrations.RunSQL.noop, hints={"database": "archive"}),
    ]
