"""Whoever submitted a template is among those who don't approve it, also after it was returned (decision 0405)."""

from django.db import migrations

# Of those under way, who submitted last; the audit trail has the rest.
SUBMITTERS = """
UPDATE policies_messagetemplate SET authors = authors || to_jsonb(submitted_by)
    WHERE state IN ('draft', 'review') AND submitted_by <> '' AND NOT authors @> to_jsonb(submitted_by);
"""
FINAL = """
CREATE OR REPLACE FUNCTION policies_template_is_final() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'draft' THEN
        RETURN NEW;
    END IF;
    -- Under review the text stays what it was when it was submitted. Who once was an author, or submitted it, stays one.
    IF TG_OP = 'UPDATE' AND OLD.state IN ('draft', 'review')
       AND (NEW.id, NEW.code, NEW.number) = (OLD.id, OLD.code, OLD.number)
       AND (NEW.state <> 'approved' OR OLD.state = 'review')
       AND NEW.authors @> OLD.authors
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
    dependencies = [("policies", "0011_template_days")]

    operations = [migrations.RunSQL(SUBMITTERS), migrations.RunSQL(FINAL)]
