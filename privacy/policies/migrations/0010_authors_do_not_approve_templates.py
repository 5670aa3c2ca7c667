"""No author of a template approves it, also where another person saved the draft since (decision 0405)."""

from django.db import migrations

AUTHORS = """
CREATE OR REPLACE FUNCTION policies_template_is_final() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'draft' THEN
        RETURN NEW;
    END IF;
    -- Under review the text stays what it was when it was submitted. Who once was an author stays one.
    IF TG_OP = 'UPDATE' AND OLD.state IN ('draft', 'review')
       AND (NEW.id, NEW.code, NEW.number) = (OLD.id, OLD.code, OLD.number)
       AND (NEW.state <> 'approved' OR OLD.state = 'review')
       AND NEW.authors @> OLD.authors
       AND (NEW.drafted_by = OLD.drafted_by OR NEW.authors @> to_jsonb(OLD.drafted_by))
       AND (OLD.state = 'draft' OR (NEW.texts, NEW.digest, NEW.drafted_by, NEW.submitted_by)
            = (OLD.texts, OLD.digest, OLD.drafted_by, OLD.submitted_by)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a template is drafted, reviewed as it was submitted, and final once decided'
        USING ERRCODE = 'restrict_violation';
END $$;

DROP TRIGGER policies_template_is_not_its_authors ON policies_messagetemplate;
CREATE FUNCTION policies_template_is_of_others() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    author text;
    why text;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.approved_by = OLD.approved_by THEN
        RETURN NEW;
    END IF;
    FOR author IN SELECT NEW.drafted_by UNION SELECT value FROM jsonb_array_elements_text(NEW.authors) LOOP
        why := accounts_second_person(NEW.approved_by, author, least(coalesce(NEW.approved_at, now()), now()));
        -- Who drafted it last meets a constraint that says so.
        IF why <> '' AND NOT (why = 'same' AND author = NEW.drafted_by) THEN
            RAISE EXCEPTION 'template %: % cannot approve as the second person (%)', NEW.id, NEW.approved_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_template_is_not_its_authors BEFORE INSERT OR UPDATE ON policies_messagetemplate
    FOR EACH ROW WHEN (NEW.approved_by <> '') EXECUTE FUNCTION policies_template_is_of_others();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("policies", "0009_messagetemplate_authors")]

    operations = [migrations.RunSQL(AUTHORS)]
