"""A template is approved by a second person as it was submitted, and final from then on (decision 0405)."""

from django.db import migrations

GUARD = """
CREATE FUNCTION policies_template_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state = 'draft' THEN
        RETURN NEW;
    END IF;
    -- Under review the text stays what it was when it was submitted.
    IF TG_OP = 'UPDATE' AND OLD.state IN ('draft', 'review')
       AND (NEW.id, NEW.code, NEW.number) = (OLD.id, OLD.code, OLD.number)
       AND (NEW.state <> 'approved' OR OLD.state = 'review')
       AND (OLD.state = 'draft' OR (NEW.texts, NEW.digest, NEW.drafted_by, NEW.submitted_by)
            = (OLD.texts, OLD.digest, OLD.drafted_by, OLD.submitted_by)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a template is drafted, reviewed as it was submitted, and final once decided'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER policies_template_is_final BEFORE INSERT OR UPDATE OR DELETE ON policies_messagetemplate
    FOR EACH ROW EXECUTE FUNCTION policies_template_is_final();
CREATE TRIGGER policies_template_has_two_people BEFORE INSERT OR UPDATE ON policies_messagetemplate
    FOR EACH ROW WHEN (NEW.approved_at IS NOT NULL AND NEW.approved_by <> NEW.submitted_by)
    EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'submitted_by');
CREATE TRIGGER policies_template_is_not_its_authors BEFORE INSERT OR UPDATE ON policies_messagetemplate
    FOR EACH ROW WHEN (NEW.approved_at IS NOT NULL AND NEW.approved_by <> NEW.drafted_by)
    EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'drafted_by');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("policies", "0007_messagetemplate")]

    operations = [migrations.RunSQL(GUARD)]
