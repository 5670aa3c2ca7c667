"""The worker ends what a child agreed to alone once its representative did not answer in time (law C-13)."""

from django.db import migrations

WITHDRAWN = """
CREATE OR REPLACE FUNCTION consents_withdrawn_by_the_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    person uuid := (SELECT subject_id FROM consents_decision WHERE id = NEW.decision_id AND choice <> 'agree');
BEGIN
    IF NOT vault_is_process() THEN
        RETURN NEW;
    END IF;
    IF NOT retention_wait_is_whole(NEW.due_at) OR NOT isfinite(NEW.due_at) THEN
        RAISE EXCEPTION 'the wait before a destruction is never shortened: %', TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.subject_id = person THEN
        -- Apart from the cases, which intake may not read.
        IF pg_has_role(current_user, 'portal_app', 'MEMBER') OR pg_has_role(current_user, 'portal_intake', 'MEMBER') THEN
            RETURN NEW;
        ELSIF EXISTS (
            SELECT FROM rights_right r JOIN rights_caseperson p ON p.request_id = r.request_id
            WHERE p.subject_id = person AND r.kind = 'consent-withdrawal' AND r.decided_by <> ''
              AND r.started_at IS NOT NULL AND r.carried_out_at IS NULL) THEN
            RETURN NEW;
        -- Of a child, whose representative did not answer in the days of the law (C-13); when those end is not changed.
        ELSIF EXISTS (
            SELECT FROM consents_representativerequest r
            WHERE r.subject_id = person AND r.state IN ('unnamed', 'asked') AND r.due_at <= retention_latest()) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'destruction: nobody withdrew'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'retention_destroyed_only_as_approved';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("consents", "0006_children")]
    operations = [migrations.RunSQL(WITHDRAWN)]
