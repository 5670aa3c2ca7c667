"""No author approves the own assessment, and no reviewer of a version its reason alone (decision 0400)."""

from django.db import migrations

AUTHORS = """
DROP TRIGGER safeguards_assessment_has_two_people ON safeguards_assessment;
CREATE FUNCTION safeguards_assessment_is_of_others() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    author text;
    why text;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.approved_by = OLD.approved_by THEN
        RETURN NEW;
    END IF;
    FOR author IN
        SELECT NEW.drafted_by UNION SELECT NEW.submitted_by
        UNION SELECT value FROM jsonb_each_text(NEW.written_by)
        UNION SELECT recorded_by FROM safeguards_assessmentrisk WHERE assessment_id = NEW.id
    LOOP
        why := accounts_second_person(NEW.approved_by, author, least(coalesce(NEW.approved_at, now()), now()));
        -- Who submitted it meets a constraint that says so.
        IF why <> '' AND NOT (why = 'same' AND author = NEW.submitted_by) THEN
            RAISE EXCEPTION 'assessment %: % cannot approve as the second person (%)', NEW.id, NEW.approved_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER safeguards_assessment_is_of_others BEFORE INSERT OR UPDATE ON safeguards_assessment
    FOR EACH ROW WHEN (NEW.approved_by <> '') EXECUTE FUNCTION safeguards_assessment_is_of_others();
"""

# The policies lie below and can't ask. Of each subject the newest reason, where no approved assessment covers it.
REASONS = """
CREATE FUNCTION safeguards_reasons_are_of_others() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    stated_by text;
    why text;
BEGIN
    IF accounts_emergency_holds(NEW.reviewed_by, 'policies_policyversion', NEW.version_id, NULL, NEW.reviewed_at) THEN
        RETURN NEW;
    END IF;
    FOR stated_by IN
        SELECT newest.recorded_by FROM (
            SELECT DISTINCT ON (split_part(change, '#', 1)) change, recorded_by FROM safeguards_assessmentexemption
            WHERE version_id = NEW.version_id ORDER BY split_part(change, '#', 1), recorded_at DESC, id DESC
        ) newest
        WHERE NOT EXISTS (SELECT FROM safeguards_assessment a WHERE a.version_id = NEW.version_id
                          AND a.state = 'approved' AND a.covers @> to_jsonb(newest.change))
    LOOP
        why := accounts_second_person(NEW.reviewed_by, stated_by, least(NEW.reviewed_at, now()));
        IF why <> '' THEN
            RAISE EXCEPTION 'review %: % cannot approve what rests on a reason of % (%)',
                NEW.id, NEW.reviewed_by, stated_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER policies_review_rests_on_reasons_of_others BEFORE INSERT OR UPDATE ON policies_review
    FOR EACH ROW WHEN (NEW.verdict = 'approved') EXECUTE FUNCTION safeguards_reasons_are_of_others();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_emergencies"),
        ("policies", "0006_legal_bases_are_final"),
        ("safeguards", "0015_assessment_authors"),
    ]
    operations = [migrations.RunSQL(AUTHORS), migrations.RunSQL(REASONS)]
