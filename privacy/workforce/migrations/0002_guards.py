"""Refuse in the database itself every change of an approved text, a pledge, a completed training and a try at a quiz.

A renewal is a new row. A course whose quiz somebody took is not edited; it can only be ended. Trainings may be removed
three years after they ended (F-14).
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION workforce_text_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state <> 'approved' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'pledge text % is approved and final', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER workforce_text_is_final BEFORE UPDATE OR DELETE ON workforce_pledgetext
    FOR EACH ROW EXECUTE FUNCTION workforce_text_is_final();

CREATE FUNCTION workforce_signed_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER workforce_signed_is_final BEFORE UPDATE OR DELETE ON workforce_pledge
    FOR EACH ROW EXECUTE FUNCTION workforce_signed_is_final();
CREATE TRIGGER workforce_signed_is_final BEFORE UPDATE OR DELETE ON workforce_quizattempt
    FOR EACH ROW EXECUTE FUNCTION workforce_signed_is_final();

CREATE FUNCTION workforce_training_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.valid_until < now() - interval '3 years' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER workforce_training_is_final BEFORE UPDATE OR DELETE ON workforce_coursecompletion
    FOR EACH ROW EXECUTE FUNCTION workforce_training_is_final();

CREATE FUNCTION workforce_course_is_final() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF to_jsonb(NEW) - 'offered_until' = to_jsonb(OLD) - 'offered_until'
       OR NOT EXISTS (SELECT FROM workforce_quizattempt WHERE course_id = OLD.id) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'course % was taken: end it and make another', OLD.code USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER workforce_course_is_final BEFORE UPDATE ON workforce_course
    FOR EACH ROW EXECUTE FUNCTION workforce_course_is_final();
"""

# The rule is the accounts' (decision 0106).
TWO_PEOPLE = """
CREATE TRIGGER workforce_text_has_two_people BEFORE INSERT OR UPDATE ON workforce_pledgetext
    FOR EACH ROW WHEN (NEW.approved_by <> 'system:installation')
    EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'drafted_by');
CREATE TRIGGER workforce_plan_has_two_people BEFORE INSERT OR UPDATE ON workforce_trainingplan
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'drafted_by');

-- A letter of the representative: neither recorded nor confirmed by whom it is about, confirmed once by a second person.
CREATE FUNCTION workforce_letter_has_two_people() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    about text := (SELECT reference FROM accounts_user WHERE id = NEW.user_id);
    why text := '';
    later CONSTANT text[] := ARRAY['read_by', 'read_at', 'confirmed_by', 'confirmed_at', 'refused_by', 'refused_at', 'refused_for'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.confirmed_by <> '' OR NEW.read_by <> '' OR NEW.refused_by <> '' OR NEW.recorded_by = about
           OR NEW.dated_on > (least(NEW.recorded_at, now()) AT TIME ZONE 'Asia/Seoul')::date THEN
            RAISE EXCEPTION 'letter % is recorded by another than its colleague, and confirmed later', NEW.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.confirmed_by <> '' OR OLD.refused_by <> ''
       OR to_jsonb(NEW) - later <> to_jsonb(OLD) - later THEN
        RAISE EXCEPTION 'letter % is confirmed or refused once and kept', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.confirmed_by <> '' THEN
        why := accounts_second_person(NEW.confirmed_by, NEW.recorded_by, least(NEW.confirmed_at, now()));
        IF why <> '' OR NEW.confirmed_by = about THEN
            RAISE EXCEPTION 'letter %: % cannot confirm it (%)', NEW.id, NEW.confirmed_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER workforce_letter_has_two_people BEFORE INSERT OR UPDATE OR DELETE ON workforce_colleagueletter
    FOR EACH ROW EXECUTE FUNCTION workforce_letter_has_two_people();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("workforce", "0001_schema")]
    operations = [migrations.RunSQL(GUARD), migrations.RunSQL(TWO_PEOPLE)]
