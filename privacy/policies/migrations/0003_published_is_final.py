"""Refuse every change of a published version in the database itself: its text and rules stay as they were (P0.2, V-05).

The one change left is that it is superseded by a later version.
"""

from django.db import migrations

CHILDREN = {
    "policies_category": "version_id",
    "policies_preservationrule": "version_id",
    "policies_section": "version_id",
    "policies_review": "version_id",
}
GRANDCHILDREN = {
    "policies_item": "category_id",
    "policies_retentionrule": "category_id",
    "policies_category_purposes": "category_id",
}

VERSION_GUARD = """
CREATE FUNCTION policies_published_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('published', 'superseded') THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'superseded'
       AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'policy version % is published and final', OLD.number USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER policies_published_is_final BEFORE UPDATE OR DELETE ON policies_policyversion
    FOR EACH ROW EXECUTE FUNCTION policies_published_is_final();
"""

CHILD_GUARD = """
CREATE FUNCTION policies_parts_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner_column text := TG_ARGV[0];
    touched uuid;
    published text;
BEGIN
    FOR touched IN
        SELECT DISTINCT value::uuid FROM unnest(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) ->> owner_column END,
            CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) ->> owner_column END
        ]) AS value WHERE value IS NOT NULL
    LOOP
        IF owner_column = 'category_id' THEN
            SELECT version_id INTO touched FROM policies_category WHERE id = touched;
        END IF;
        SELECT number INTO published FROM policies_policyversion
            WHERE id = touched AND state IN ('published', 'superseded');
        IF FOUND THEN
            RAISE EXCEPTION 'policy version % is published and final', published USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""


def trigger(table: str, column: str) -> str:
    return (
        f"CREATE TRIGGER policies_parts_are_final BEFORE INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION policies_parts_are_final('{column}');"
    )


FORWARD = VERSION_GUARD + CHILD_GUARD + "\n".join(trigger(*pair) for pair in (CHILDREN | GRANDCHILDREN).items())
BACKWARD = (
    "\n".join(f"DROP TRIGGER policies_parts_are_final ON {table};" for table in CHILDREN | GRANDCHILDREN)
    + "DROP FUNCTION policies_parts_are_final();"
    + "DROP TRIGGER policies_published_is_final ON policies_policyversion;"
    + "DROP FUNCTION policies_published_is_final();"
)


class Migration(migrations.Migration):
    dependencies = [("policies", "0002_policy_of_2020")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
