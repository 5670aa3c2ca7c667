"""No single person verifies, decides and carries out a request: what a row alone can't know is held by triggers."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION rights_keep_identity() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    person text;
    alone boolean;
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.received_by <> OLD.received_by THEN
        RAISE EXCEPTION 'who recorded a request is never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rights_receiver_is_never_changed';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.verified_at IS NOT NULL
       AND (NEW.verified_at, NEW.verified_by, NEW.identity_method)
           IS DISTINCT FROM (OLD.verified_at, OLD.verified_by, OLD.identity_method) THEN
        RAISE EXCEPTION 'who verified an identity, how and when is never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rights_identity_is_verified_once';
    END IF;
    IF NEW.verified_by = '' OR (TG_OP = 'UPDATE' AND OLD.verified_by <> '') THEN
        RETURN NEW;
    END IF;
    person := accounts_person_behind(NEW.verified_by);
    alone := accounts_emergency_holds(NEW.verified_by, 'rights_request', NEW.id, NULL, NEW.verified_at);
    IF NEW.verified_by LIKE 'EM-%' AND NOT alone THEN
        RAISE EXCEPTION 'request %: % is no approval by emergency of it', NEW.id, NEW.verified_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
    END IF;
    -- Attached by another person, not only by another account.
    IF NEW.identity_method = 'documents' AND NOT EXISTS (
        SELECT FROM rights_identitydocument d JOIN rights_documentopening o ON o.document_id = d.id
         WHERE d.request_id = NEW.id AND o.opened_by = person
           AND (alone OR (d.attached_by <> person
                          AND NOT accounts_related(person, d.attached_by, least(NEW.verified_at, now()))))
    ) THEN
        RAISE EXCEPTION 'documents are attached by somebody else and opened by whoever verifies'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rights_verifier_opened_the_documents';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_keep_identity BEFORE INSERT OR UPDATE ON rights_request
    FOR EACH ROW EXECUTE FUNCTION rights_keep_identity();

CREATE FUNCTION rights_copy_verifier() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    method text;
    verified_as text;
BEGIN
    SELECT identity_method, verified_by INTO method, verified_as FROM rights_request WHERE id = NEW.request_id;
    IF NEW.decided_by <> '' AND verified_as = '' THEN
        RAISE EXCEPTION 'nothing is decided before the identity is verified'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rights_nothing_decided_before_identity';
    END IF;
    NEW.verifier := CASE WHEN method = 'documents' THEN verified_as ELSE '' END;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_copy_verifier BEFORE INSERT OR UPDATE ON rights_right
    FOR EACH ROW EXECUTE FUNCTION rights_copy_verifier();

CREATE FUNCTION rights_code_issued_by_another() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    earlier text;
    why text;
BEGIN
    IF accounts_emergency_holds(NEW.code_issued_by, 'rights_package', NEW.id, NULL, now()) THEN
        RETURN NEW;
    END IF;
    IF NEW.code_issued_by <> '' AND EXISTS (
        SELECT FROM rights_right r JOIN rights_request q ON q.id = r.request_id
         WHERE r.id = NEW.right_id AND NEW.code_issued_by IN (r.decided_by, q.received_by)
    ) THEN
        RAISE EXCEPTION 'a code is issued by someone other than who decided or recorded the request'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rights_code_issued_by_another_person';
    END IF;
    -- What the worker draws goes to the person, and nobody sees it.
    IF NEW.code_issued_by <> '' AND strpos(NEW.code_issued_by, ':') = 0
       AND (TG_OP = 'INSERT' OR (NEW.code_issued_by, NEW.passphrase_digest)
                                 IS DISTINCT FROM (OLD.code_issued_by, OLD.passphrase_digest)) THEN
        FOR earlier IN SELECT unnest(ARRAY[r.decided_by, q.received_by])
                         FROM rights_right r JOIN rights_request q ON q.id = r.request_id WHERE r.id = NEW.right_id LOOP
            why := accounts_second_person(NEW.code_issued_by, earlier, now());
            IF why <> '' THEN
                RAISE EXCEPTION 'code of %: % cannot approve as the second person (%)', NEW.id, NEW.code_issued_by, why
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
            END IF;
        END LOOP;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rights_code_issued_by_another BEFORE INSERT OR UPDATE ON rights_package
    FOR EACH ROW EXECUTE FUNCTION rights_code_issued_by_another();
ALTER TABLE rights_package ENABLE ALWAYS TRIGGER rights_code_issued_by_another;

CREATE FUNCTION rights_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %: what was attached and opened is only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER rights_documents_are_never_changed BEFORE UPDATE ON rights_identitydocument
    FOR EACH ROW EXECUTE FUNCTION rights_refuse_change();
CREATE TRIGGER rights_openings_are_never_changed BEFORE UPDATE ON rights_documentopening
    FOR EACH ROW EXECUTE FUNCTION rights_refuse_change();

ALTER TABLE rights_request ENABLE ALWAYS TRIGGER rights_keep_identity;
ALTER TABLE rights_right ENABLE ALWAYS TRIGGER rights_copy_verifier;
ALTER TABLE rights_identitydocument ENABLE ALWAYS TRIGGER rights_documents_are_never_changed;
ALTER TABLE rights_documentopening ENABLE ALWAYS TRIGGER rights_openings_are_never_changed;
"""


class Migration(migrations.Migration):
    dependencies = [("rights", "0002_data")]

    operations = [migrations.RunSQL(GUARDS)]
