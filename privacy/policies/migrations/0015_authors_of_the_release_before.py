"""Whoever saves or submits a template is an author also where the release before writes it (decision 0450).

That release knows only who did so last. Everything else is refused as before.
"""

from django.db import migrations

FINAL = """
CREATE OR REPLACE FUNCTION policies_template_is_final() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    named text[];
BEGIN
    IF TG_OP = 'INSERT' AND NEW.authors = '[]' THEN
        NEW.authors := jsonb_build_array(NEW.drafted_by);
    END IF;
    IF TG_OP = 'INSERT' AND NEW.state = 'draft' AND NEW.authors = jsonb_build_array(NEW.drafted_by) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        named := array_remove(ARRAY[OLD.drafted_by, NEW.drafted_by, NEW.submitted_by]::text[], '');
        IF NEW.authors = OLD.authors
           AND (NEW.drafted_by, NEW.submitted_by) IS DISTINCT FROM (OLD.drafted_by, OLD.submitted_by) THEN
            NEW.authors := (SELECT jsonb_agg(name ORDER BY name COLLATE "C") FROM (
                SELECT jsonb_array_elements_text(OLD.authors) AS name UNION SELECT unnest(named)
            ) names);
        END IF;
    END IF;
    -- Under review the text stays what it was when it was submitted. Who once was an author, or submitted it, stays one.
    IF TG_OP = 'UPDATE' AND OLD.state IN ('draft', 'review')
       AND (NEW.id, NEW.code, NEW.number) = (OLD.id, OLD.code, OLD.number)
       AND (NEW.state <> 'approved' OR OLD.state = 'review')
       AND NEW.authors @> OLD.authors AND NEW.authors <@ (OLD.authors || to_jsonb(named))
       AND (NEW.drafted_by = OLD.drafted_by OR NEW.authors @> to_jsonb(OLD.drafted_by))
       AND (NEW.submitted_by = OLD.submitted_by OR NEW.authors @> to_jsonb(NEW.submitted_by))
       AND (OLD.state = 'draft' OR (NEW.texts, NEW.digest, NEW.drafted_by, NEW.submitted_by)
            = (OLD.texts, OLD.digest, OLD.drafted_by, OLD.submitted_by)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a template is drafted, reviewed as it was submitted, and final once decided'
        USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("policies", "0014_nobody_else_is_an_author_of_a_template")]
    operations = [migrations.RunSQL(FINAL)]
