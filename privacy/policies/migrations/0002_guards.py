"""What is published or on record is final, held by the database itself (P0.2, V-05).

The one change left of a published version is that it is superseded by a later one. A version that takes effect before,
or with, one that is already published is refused. Of a decision on consignment only its withdrawal may be added.
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
CREATE FUNCTION policies_published_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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
CREATE FUNCTION policies_parts_are_final() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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


PARTS = CHILD_GUARD + "\n".join(trigger(*pair) for pair in (CHILDREN | GRANDCHILDREN).items())

DATES = """
CREATE FUNCTION policies_dates_only_grow() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    later text;
BEGIN
    IF NEW.state <> 'published' OR (TG_OP = 'UPDATE' AND OLD.state IN ('published', 'superseded')) THEN
        RETURN NEW;
    END IF;
    SELECT number INTO later FROM policies_policyversion
        WHERE id <> NEW.id AND state IN ('published', 'superseded') AND effective_on >= NEW.effective_on
        ORDER BY effective_on DESC LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'policy version % is published already and would undo this one', later
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_dates_only_grow BEFORE INSERT OR UPDATE ON policies_policyversion
    FOR EACH ROW EXECUTE FUNCTION policies_dates_only_grow();
"""

STATEMENTS = """
CREATE FUNCTION policies_statements_are_final() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'policies_noconsignment' AND TG_OP = 'UPDATE' THEN
        IF OLD.withdrawn_on IS NULL
           AND to_jsonb(NEW) - 'withdrawn_on' - 'withdrawn_by' = to_jsonb(OLD) - 'withdrawn_on' - 'withdrawn_by' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'what was put on record is final (%)', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER policies_statements_are_final BEFORE UPDATE OR DELETE ON policies_publishedtext
    FOR EACH ROW EXECUTE FUNCTION policies_statements_are_final();
CREATE TRIGGER policies_statements_are_final BEFORE UPDATE OR DELETE ON policies_noconsignment
    FOR EACH ROW EXECUTE FUNCTION policies_statements_are_final();
"""

# The role that prunes the audit trail reads how long its entries must stay, and nothing else of the office.
PRUNER = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_pruner') THEN
        GRANT USAGE ON SCHEMA public TO portal_pruner;
        GRANT SELECT ON policies_parameter TO portal_pruner;
    END IF;
END $$;
"""

# The rule is the accounts' (decision 0106).
TWO_PEOPLE = """
CREATE FUNCTION policies_reviewed_by_second_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    asker text := (SELECT submitted_by FROM policies_policyversion WHERE id = NEW.version_id);
    why text := accounts_second_person(NEW.reviewed_by, asker, least(NEW.reviewed_at, now()));
BEGIN
    IF why <> '' AND NOT accounts_emergency_holds(
        NEW.reviewed_by, 'policies_policyversion', NEW.version_id, asker, NEW.reviewed_at
    ) THEN
        RAISE EXCEPTION 'review %: % cannot approve as the second person (%)', NEW.id, NEW.reviewed_by, why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_reviewed_by_second_person BEFORE INSERT OR UPDATE ON policies_review
    FOR EACH ROW WHEN (NEW.verdict = 'approved') EXECUTE FUNCTION policies_reviewed_by_second_person();
"""

# Pages alone publish, where people sign in: a version under review that the last reviewer since its submission approved,
# and that has a rule for each of its categories. What was shipped, and what a dump brings back, came otherwise.
PUBLISHED = """
CREATE FUNCTION policies_published_as_reviewed() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT pg_has_role(current_user, 'portal_process', 'MEMBER') OR current_setting('is_superuser') = 'on'
       OR (TG_OP = 'UPDATE' AND OLD.state IN ('published', 'superseded')) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'review' AND NEW.state = 'published'
       AND pg_has_role(current_user, 'portal_app', 'MEMBER')
       AND 'approved' = (SELECT verdict FROM policies_review
                         WHERE version_id = NEW.id AND reviewed_at >= NEW.submitted_at
                         ORDER BY reviewed_at DESC LIMIT 1)
       AND EXISTS (SELECT FROM policies_category WHERE version_id = NEW.id)
       AND NOT EXISTS (SELECT FROM policies_category c WHERE c.version_id = NEW.id
                       AND NOT EXISTS (SELECT FROM policies_retentionrule WHERE category_id = c.id)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'policy version % was not reviewed', NEW.number
        USING ERRCODE = 'check_violation', CONSTRAINT = 'policies_published_as_reviewed';
END $$;
CREATE TRIGGER policies_published_as_reviewed BEFORE INSERT OR UPDATE ON policies_policyversion
    FOR EACH ROW WHEN (NEW.state IN ('published', 'superseded')) EXECUTE FUNCTION policies_published_as_reviewed();
ALTER TABLE policies_policyversion ENABLE ALWAYS TRIGGER policies_published_as_reviewed;
"""

# A number of the rule of two people, or of the wait before a destruction or of a changed contact, is lessened by two
# people (decision 0166): on its own day, or on the day of a later value that is weaker and that two people did not
# approve. Who asks waits for the others who add a value of this code, and sees theirs. What is shipped and what tests
# put there is not the portal's role's.
PROTECTIONS = """
CREATE FUNCTION policies_lessened_on(changed text, becomes integer, from_day date) RETURNS date
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
DECLARE
    sign integer := (SELECT known.sign FROM (VALUES
        ('withdrawal.wait.hours', 1), ('contact.wait.hours', 1), ('duties.account.days', 1),
        ('keys.turn.days', 1), ('keys.grace.days', 1),
        ('duties.apart.days', 1), ('duties.emergency.wait.hours', 1), ('duties.emergency.review.hours', -1),
        ('destruction.ceiling.percent', -1), ('destruction.ceiling.floor', -1), ('destruction.ceiling.months', -1)
    ) AS known(code, sign) WHERE known.code = changed);
    held integer;
    later policies_parameter;
BEGIN
    IF sign IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('policies_parameter ' || changed, 0));
    SELECT value INTO held FROM policies_parameter WHERE code = changed AND effective_on < from_day
        ORDER BY effective_on DESC LIMIT 1;
    SELECT * INTO later FROM policies_parameter WHERE code = changed AND effective_on > from_day
        ORDER BY effective_on LIMIT 1;
    -- Before the first value that value holds.
    IF sign * becomes < sign * coalesce(held, later.value) THEN
        RETURN from_day;
    END IF;
    IF sign * later.value < sign * becomes AND NOT EXISTS (
        SELECT FROM policies_parameterchange c
        WHERE (c.code, c.value, c.effective_on) = (changed, later.value, later.effective_on)
          AND c.approved_at IS NOT NULL
    ) THEN
        RETURN later.effective_on;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION policies_protection_is_lessened_by_two() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    lessened_on date;
BEGIN
    IF NOT pg_has_role(current_user, 'portal_process', 'MEMBER') THEN
        RETURN NEW;
    END IF;
    lessened_on := policies_lessened_on(NEW.code, NEW.value, NEW.effective_on);
    -- People approve in pages.
    IF lessened_on IS NOT NULL AND (NOT pg_has_role(current_user, 'portal_app', 'MEMBER') OR NOT EXISTS (
        SELECT FROM policies_parameterchange c
        WHERE (c.code, c.value, c.effective_on) = (NEW.code, NEW.value, NEW.effective_on) AND c.approved_at IS NOT NULL
    )) THEN
        RAISE EXCEPTION '% = % lessens a protection on % and was not approved', NEW.code, NEW.value, lessened_on
            USING ERRCODE = 'check_violation', CONSTRAINT = 'protection_is_lessened_by_two';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_protection_is_lessened_by_two BEFORE INSERT ON policies_parameter
    FOR EACH ROW EXECUTE FUNCTION policies_protection_is_lessened_by_two();

CREATE TRIGGER policies_value_has_two_people BEFORE INSERT OR UPDATE ON policies_parameterchange
    FOR EACH ROW WHEN (NEW.approved_at IS NOT NULL AND NEW.approved_by <> NEW.asked_by)
    EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'asked_by');
"""

# A day of the rulebook is one that can be computed with, as in forms (privacy/lib/dates/form_fields.py): 'infinity' is a
# day to PostgreSQL, before or after all others, and no code could read the rulebook any more.
DAYS = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND starts_with(table_name, 'policies_')
          AND data_type IN ('date', 'timestamp with time zone')
    LOOP
        EXECUTE format('ALTER TABLE %1$I ADD CONSTRAINT %2$I CHECK (%3$I >= ''1900-01-01'' AND %3$I < ''2200-01-01'')',
                       found.table_name, found.table_name || '_' || found.column_name || '_in_range', found.column_name);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("policies", "0001_schema")]

    operations = [
        migrations.RunSQL(text)
        for text in (VERSION_GUARD, PARTS, DATES, STATEMENTS, PRUNER, TWO_PEOPLE, PUBLISHED, PROTECTIONS, DAYS)
    ]
