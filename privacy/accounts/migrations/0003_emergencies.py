"""The database holds when one officer goes on alone, who reviews it, and how the last second factor goes (0145)."""

from django.db import migrations

# Where no second person is to be had (decision 0145). Who asked, and when, stands in the record of the act; what is done
# waits for nobody, and what was asked for anew waits anew (decision 0155).
EMERGENCY = """
CREATE FUNCTION accounts_asked_of(about text, record uuid, OUT asked_by text, OUT asked_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    asker text;
    moment text;
    waits text;
BEGIN
    SELECT act.asker, act.moment, act.waits INTO asker, moment, waits FROM (VALUES
        ('accounts_accessrequest', 'asked_by', 'requested_at', 'decided_at IS NULL'),
        ('accounts_accountact', 'asked_by', 'asked_at', 'decided_at IS NULL'),
        ('consents_agreementversion', 'drafted_by', 'drafted_at', 'published_at IS NULL'),
        ('devices_gatewaytoken', 'issued_by', 'issued_at', 'coalesce(approved_at, revoked_at) IS NULL'),
        ('disclosures_disclosure', 'requested_by', 'requested_at', 'coalesce(approved_at, refused_at) IS NULL'),
        ('incidents_incident', 'proposed_by', 'proposed_at', 'state = ''proposed'''),
        ('policies_parameterchange', 'asked_by', 'asked_at', 'coalesce(approved_at, refused_at) IS NULL'),
        ('policies_policyversion', 'submitted_by', 'submitted_at', 'state = ''review'''),
        ('retention_archiveaccess', 'asked_by', 'asked_at', 'coalesce(approved_at, refused_at) IS NULL'),
        ('retention_destructionlist', 'approved_by', 'approved_at', 'coalesce(seconded_at, aborted_at) IS NULL'),
        ('retention_hold', 'lift_asked_by', 'lift_asked_at', 'lifted_at IS NULL'),
        ('rights_objection', 'decider', 'received_at', 'reviewed_at IS NULL'),
        ('rights_postponement', 'postponed_by', 'postponed_at', 'approved_at IS NULL'),
        ('safeguards_managementplan', 'drafted_by', 'submitted_at', 'approved_at IS NULL'),
        ('workforce_pledgetext', 'drafted_by', 'drafted_at', 'approved_at IS NULL'),
        ('workforce_trainingplan', 'drafted_by', 'drafted_at', 'approved_at IS NULL')
    ) AS act(name, asker, moment, waits) WHERE act.name = about;
    IF about = 'rights_request' THEN
        SELECT found.asked_by, found.asked_at INTO asked_by, asked_at FROM rights_step_before(record) found;
    ELSIF about = 'rights_package' THEN
        SELECT found.asked_by, found.asked_at INTO asked_by, asked_at FROM rights_code_waits_for(record) found;
    ELSIF asker IS NOT NULL THEN
        EXECUTE format('SELECT %I, %I FROM %I WHERE id = $1 AND %s', asker, moment, about, waits)
            INTO asked_by, asked_at USING record;
    END IF;
END $$;

-- Without an asker: of what the record waits for now, whoever asked for it.
CREATE FUNCTION accounts_emergency_holds(approval text, about text, record uuid, asker text, moment timestamptz)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN approval LIKE 'EM-%' AND EXISTS (
        SELECT FROM accounts_emergencyapproval e JOIN accounts_asked_of(about, record) a
          ON (e.asked_by, e.asked_at) = (a.asked_by, a.asked_at)
        WHERE e.reference = approval AND e.about_table = about AND e.about_id = record
          AND e.asked_by = coalesce(asker, e.asked_by)
          AND moment BETWEEN e.made_at AND e.review_due_at AND e.outcome <> 'unjustified'
    );
END $$;

-- Whether a line of the register of access is what the request allows that somebody approved alone.
CREATE FUNCTION accounts_emergency_grants(line accounts_accessgrant, approver text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM accounts_emergencyapproval e
        LEFT JOIN accounts_accountact act
          ON e.about_table = 'accounts_accountact' AND act.id = e.about_id AND act.kind = 'open' AND act.user_id IS NULL
        LEFT JOIN accounts_accessrequest asked
          ON e.about_table = 'accounts_accessrequest' AND asked.id = e.about_id AND asked.user_id = line.user_id
        WHERE e.reference = line.granted_by AND e.made_by = approver AND e.asked_by = line.asked_by
          AND line.granted_at BETWEEN e.made_at AND e.review_due_at AND e.outcome <> 'unjustified'
          AND e.asked_at = (SELECT a.asked_at FROM accounts_asked_of(e.about_table, e.about_id) a)
          AND ((act.role, '', '') = (line.role, line.category, line.purpose)
               OR (asked.role, asked.category, asked.purpose) = (line.role, line.category, line.purpose))
    );
END $$;

CREATE FUNCTION accounts_emergency_is_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    wait integer;
    why text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT * INTO NEW.asked_by, NEW.asked_at FROM accounts_asked_of(NEW.about_table, NEW.about_id);
        wait := coalesce(accounts_parameter('duties.emergency.wait.hours', (NEW.made_at AT TIME ZONE 'Asia/Seoul')::date), 24);
        IF coalesce(NEW.asked_by, '') = '' OR NEW.asked_at IS NULL
           OR least(NEW.made_at, now()) < NEW.asked_at + make_interval(hours => wait) THEN
            RAISE EXCEPTION '% %: nobody goes on alone yet', NEW.about_table, NEW.about_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'emergency_comes_after_the_wait';
        END IF;
        why := accounts_second_person(NEW.made_by, 'system:emergency', least(NEW.made_at, now()));
        IF why <> '' OR EXISTS (
            SELECT FROM accounts_emergencyapproval e WHERE e.made_by = NEW.made_by
              AND (e.outcome = 'unjustified' OR (e.reviewed_at IS NULL AND e.review_due_at < greatest(NEW.made_at, now())))
        ) THEN
            RAISE EXCEPTION '% cannot go on alone (%)', NEW.made_by, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'emergency_is_made_by_who_still_may';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.reviewed_at IS NULL
       AND to_jsonb(NEW) - ARRAY['reviewed_by', 'reviewed_at', 'outcome', 'note', 'escalated_at']
         = to_jsonb(OLD) - ARRAY['reviewed_by', 'reviewed_at', 'outcome', 'note', 'escalated_at'] THEN
        IF NEW.reviewed_at IS NULL OR (NEW.reviewed_by = 'representative' AND EXISTS (
            SELECT FROM accounts_representativelink WHERE emergency_id = NEW.id AND answered_at = NEW.reviewed_at
        )) THEN
            RETURN NEW;
        END IF;
        why := accounts_second_person(NEW.reviewed_by, NEW.made_by, least(NEW.reviewed_at, now()));
        IF why = '' AND NEW.reviewed_at <= OLD.review_due_at THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'approval by emergency %: % cannot review it (%)', OLD.reference, NEW.reviewed_by, why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
    END IF;
    RAISE EXCEPTION 'approval by emergency % is reviewed once and kept', OLD.reference
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_emergency_is_kept BEFORE INSERT OR UPDATE OR DELETE ON accounts_emergencyapproval
    FOR EACH ROW EXECUTE FUNCTION accounts_emergency_is_kept();

CREATE FUNCTION accounts_representative_answers_once() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.answered_at IS NULL
       AND to_jsonb(NEW) - ARRAY['digest', 'answer', 'answered_at']
         = to_jsonb(OLD) - ARRAY['digest', 'answer', 'answered_at']
       AND (NEW.answered_at IS NULL OR (OLD.digest <> '' AND NEW.digest = OLD.digest)) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.answered_at IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'question % to the representative is answered once, by its link, and kept', NEW.id
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_representative_answers_once BEFORE INSERT OR UPDATE OR DELETE ON accounts_representativelink
    FOR EACH ROW EXECUTE FUNCTION accounts_representative_answers_once();
"""

# The last second factor of an account goes by a reset, which leaves an invitation; asked at the end of the transaction.
FACTORS = """
CREATE FUNCTION accounts_last_factor_goes_by_a_reset() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.type = 'recovery_codes'
       OR EXISTS (SELECT FROM mfa_authenticator WHERE user_id = OLD.user_id AND type <> 'recovery_codes')
       OR EXISTS (
           SELECT FROM accounts_invitation WHERE user_id = OLD.user_id AND used_at IS NULL AND withdrawn_at IS NULL
       ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the last second factor of % goes by a reset', OLD.user_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'last_factor_goes_by_a_reset';
END $$;
CREATE CONSTRAINT TRIGGER accounts_last_factor_goes_by_a_reset AFTER DELETE ON mfa_authenticator
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_last_factor_goes_by_a_reset();
"""

# The ledger is below the accounts and can't ask for the rule itself. Who is no account signs nothing in the console.
LEDGER_REVIEWS = """
CREATE FUNCTION accounts_ledger_review_has_two_people() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    why text := accounts_second_person(NEW.confirmer, NEW.reviewer, least(NEW.confirmed_at, now()));
BEGIN
    IF why NOT IN ('', 'unknown') THEN
        RAISE EXCEPTION 'review %: % cannot confirm as the second person (%)', NEW.id, NEW.confirmer, why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_review_has_two_people BEFORE INSERT OR UPDATE ON ledger_review
    FOR EACH ROW WHEN (NEW.confirmer <> '') EXECUTE FUNCTION accounts_ledger_review_has_two_people();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("ledger", "0001_schema"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunSQL(EMERGENCY), migrations.RunSQL(FACTORS), migrations.RunSQL(LEDGER_REVIEWS)]
