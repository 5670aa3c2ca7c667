"""What is settled without a recipient's proof is settled by two people, and a proof is the recipient's own answer."""

from django.db import migrations

GUARDS = """
CREATE TRIGGER disclosures_settlement_has_two_people BEFORE INSERT OR UPDATE ON disclosures_correctionproof
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('seconded_by', 'seconded_at', 'settled_by');
CREATE FUNCTION disclosures_proof_is_answered() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    -- What has ended stays: but a recipient that is found to exist, or to hold something, answers after all.
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NOT NULL
       AND (OLD.state NOT IN ('settled', 'not-held') OR NEW.state = OLD.state OR NEW.state = 'settled') THEN
        RAISE EXCEPTION 'disclosures_ended_proof_stays'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosures_ended_proof_stays';
    END IF;
    IF NEW.state IN ('proven', 'not-held') AND NOT EXISTS (
        SELECT FROM disclosures_recipientanswer a
         WHERE a.id = NEW.answer_id AND a.proof_id = NEW.id AND a.verdict = NEW.state) THEN
        RAISE EXCEPTION 'disclosures_proven_by_its_own_answer'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosures_proven_by_its_own_answer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER disclosures_proof_is_answered BEFORE INSERT OR UPDATE ON disclosures_correctionproof
    FOR EACH ROW EXECUTE FUNCTION disclosures_proof_is_answered();
-- An answer stands as it was given.
CREATE FUNCTION disclosures_answer_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'disclosures_answer_stays'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosures_answer_stays';
END $$;
CREATE TRIGGER disclosures_answer_stays BEFORE UPDATE OR DELETE ON disclosures_recipientanswer
    FOR EACH ROW EXECUTE FUNCTION disclosures_answer_stays();
ALTER TABLE disclosures_correctionproof ENABLE ALWAYS TRIGGER disclosures_settlement_has_two_people;
ALTER TABLE disclosures_correctionproof ENABLE ALWAYS TRIGGER disclosures_proof_is_answered;
ALTER TABLE disclosures_recipientanswer ENABLE ALWAYS TRIGGER disclosures_answer_stays;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("disclosures", "0007_answer_terms")]
    operations = [migrations.RunSQL(GUARDS)]
