"""The database itself keeps the register of access: a line changes only by its revocation, and stays for three years.

The three years are the law's (S-10); the rulebook may keep lines longer, never shorter. A last day ends in Korea.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION accounts_register_is_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.revoked_at IS NULL
           AND to_jsonb(NEW) - ARRAY['revoked_at', 'revoked_by_id', 'revocation']
             = to_jsonb(OLD) - ARRAY['revoked_at', 'revoked_by_id', 'revocation'] THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'grant % is not edited: revoke it and grant again', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF coalesce(OLD.revoked_at, (OLD.valid_until + 1)::timestamp AT TIME ZONE 'Asia/Seoul') < now() - interval '3 years' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'grant % is kept for three years after its end', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_register_is_kept BEFORE UPDATE OR DELETE ON accounts_accessgrant
    FOR EACH ROW EXECUTE FUNCTION accounts_register_is_kept();
"""

INVITATIONS = """
CREATE FUNCTION accounts_invitation_is_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND to_jsonb(NEW) - ARRAY['digest', 'used_at', 'factor_at', 'withdrawn_at']
         = to_jsonb(OLD) - ARRAY['digest', 'used_at', 'factor_at', 'withdrawn_at']
       AND OLD.withdrawn_at IS NULL
       AND (OLD.used_at IS NULL OR NEW.used_at = OLD.used_at)
       AND (OLD.factor_at IS NULL OR NEW.factor_at = OLD.factor_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'invitation % is used once and kept', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_invitation_is_kept BEFORE UPDATE OR DELETE ON accounts_invitation
    FOR EACH ROW EXECUTE FUNCTION accounts_invitation_is_kept();

CREATE FUNCTION accounts_act_is_decided_once() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'requested'
       AND to_jsonb(NEW) - ARRAY['state', 'user_id', 'email', 'name', 'decided_by', 'decided_at', 'decision']
         = to_jsonb(OLD) - ARRAY['state', 'user_id', 'email', 'name', 'decided_by', 'decided_at', 'decision'] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'account request % is decided once and kept', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER accounts_act_is_decided_once BEFORE UPDATE OR DELETE ON accounts_accountact
    FOR EACH ROW EXECUTE FUNCTION accounts_act_is_decided_once();
"""

SECOND_PERSON = """
CREATE FUNCTION accounts_parameter(wanted text, on_day date) RETURNS integer LANGUAGE plpgsql STABLE
    SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT value FROM policies_parameter WHERE code = wanted AND effective_on <= on_day
            ORDER BY effective_on DESC LIMIT 1);
END $$;

-- Whether the representative confirmed, after the moment, that this account is another person's.
CREATE FUNCTION accounts_confirmed_since(person uuid, moment timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE
    SET search_path = public, pg_temp AS $$
BEGIN
    -- What was asked before says nothing of it, whenever it is answered; nor does a letter of that day or before.
    RETURN EXISTS (SELECT FROM accounts_representativelink WHERE user_id = person AND answer = 'yes' AND made_at > moment)
        OR EXISTS (SELECT FROM workforce_colleagueletter WHERE user_id = person AND confirmed_by <> ''
                   AND recorded_at > moment AND dated_on > (moment AT TIME ZONE 'Asia/Seoul')::date);
END $$;

-- Whether one of two people had a part in the other's account, sign-in or role in the last days.
CREATE FUNCTION accounts_related(one text, other text, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    on_day date := (greatest(moment, now()) AT TIME ZONE 'Asia/Seoul')::date;
    since timestamptz := moment - make_interval(days => coalesce(accounts_parameter('duties.apart.days', on_day), 30));
BEGIN
    RETURN EXISTS (
        SELECT FROM accounts_invitation i JOIN accounts_user u ON u.id = i.user_id
        WHERE i.made_at > since
          AND ((u.reference = one AND other IN (i.asked_by, i.approved_by))
               OR (u.reference = other AND one IN (i.asked_by, i.approved_by)))
          AND NOT accounts_confirmed_since(u.id, i.made_at)
    ) OR EXISTS (
        SELECT FROM accounts_accessgrant g JOIN accounts_user u ON u.id = g.user_id
        LEFT JOIN accounts_user a ON a.id = g.approved_by_id
        WHERE g.granted_at > since AND g.role <> '' AND g.replaces_id IS NULL
          AND ((u.reference = one AND other IN (g.asked_by, a.reference))
               OR (u.reference = other AND one IN (g.asked_by, a.reference)))
          AND NOT accounts_confirmed_since(u.id, g.granted_at)
    );
END $$;

-- Who stands behind a name: of an approval by emergency, the officer who went on alone.
CREATE FUNCTION accounts_person_behind(name text) RETURNS text LANGUAGE plpgsql STABLE
    SET search_path = public, pg_temp AS $$
BEGIN
    RETURN coalesce(
        (SELECT made_by FROM accounts_emergencyapproval WHERE name LIKE 'EM-%' AND reference = name), name
    );
END $$;

-- Why somebody can't approve as the second person what another asked for; empty where nothing speaks against it.
-- What the portal does by itself is nobody's second person. A moment that has passed forgives no pledge that has lapsed.
CREATE FUNCTION accounts_second_person(approver text, asker text, moment timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    on_day date := (greatest(moment, now()) AT TIME ZONE 'Asia/Seoul')::date;
    person accounts_user;
    invited accounts_invitation;
    age integer := coalesce(accounts_parameter('duties.account.days', on_day), 1);
    before text := accounts_person_behind(asker);
BEGIN
    IF approver = asker THEN
        RETURN 'same';
    END IF;
    IF approver = before THEN
        RETURN 'alone';
    END IF;
    SELECT * INTO person FROM accounts_user WHERE reference = approver;
    IF person.id IS NULL THEN
        RETURN 'unknown';
    END IF;
    SELECT * INTO invited FROM accounts_invitation WHERE user_id = person.id AND withdrawn_at IS NULL
    ORDER BY made_at DESC LIMIT 1;
    IF invited.used_at IS NULL OR invited.factor_at IS NULL THEN
        RETURN 'factor';
    END IF;
    IF age > 0 AND invited.used_at > moment - make_interval(days => age) THEN
        RETURN 'new';
    END IF;
    IF NOT EXISTS (SELECT FROM workforce_pledge WHERE user_id = person.id AND valid_until >= on_day) THEN
        RETURN 'pledge';
    END IF;
    IF NOT EXISTS (SELECT FROM workforce_coursecompletion WHERE user_id = person.id AND valid_until >= on_day) THEN
        RETURN 'training';
    END IF;
    -- What the host's command opened, or the portal did, is nobody's act.
    IF strpos(before, ':') = 0 AND accounts_related(approver, before, moment) THEN
        RETURN 'related';
    END IF;
    RETURN '';
END $$;

-- Arguments: the column of the approver, that of the moment, those of who asked. A moment to come counts as now.
-- That one person did both is a constraint of each table already.
CREATE FUNCTION accounts_approved_by_second_person() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    made jsonb := to_jsonb(NEW);
    approver text := made ->> TG_ARGV[0];
    moment timestamptz := least(coalesce((made ->> TG_ARGV[1])::timestamptz, now()), now());
    why text;
BEGIN
    IF coalesce(approver, '') = '' OR (TG_OP = 'UPDATE' AND approver = to_jsonb(OLD) ->> TG_ARGV[0]) THEN
        RETURN NEW;
    END IF;
    FOR position IN 2 .. TG_NARGS - 1 LOOP
        IF accounts_emergency_holds(
            approver, TG_TABLE_NAME, NEW.id, made ->> TG_ARGV[position], (made ->> TG_ARGV[1])::timestamptz
        ) THEN
            CONTINUE;
        END IF;
        why := accounts_second_person(approver, coalesce(made ->> TG_ARGV[position], ''), moment);
        IF why NOT IN ('', 'same') THEN
            RAISE EXCEPTION '% %: % cannot approve as the second person (%)', TG_TABLE_NAME, NEW.id, approver, why
                USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

-- A line of the register: what an earlier line still allows needs no second approval, whoever shortens it. The earlier
-- one ends in the same transaction, and only once is a line replaced so: none that was revoked comes back.
CREATE FUNCTION accounts_grant_has_two_people() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    approver text := (SELECT reference FROM accounts_user WHERE id = NEW.approved_by_id);
    before accounts_accessgrant;
    why text;
BEGIN
    IF NEW.replaces_id IS NOT NULL THEN
        SELECT * INTO before FROM accounts_accessgrant WHERE id = NEW.replaces_id;
        IF (before.user_id, before.role, before.category, before.purpose)
           IS DISTINCT FROM (NEW.user_id, NEW.role, NEW.category, NEW.purpose) THEN
            RAISE EXCEPTION 'grant % replaces one of something else', NEW.id USING ERRCODE = 'check_violation';
        END IF;
        IF before.revoked_at IS NULL
           AND NOT EXISTS (SELECT FROM accounts_accessgrant WHERE replaces_id = before.id)
           AND NEW.valid_until <= before.valid_until AND NEW.approved_by_id IS NOT DISTINCT FROM before.approved_by_id
           AND NEW.asked_by = before.asked_by THEN
            RETURN NEW;
        END IF;
    END IF;
    IF NEW.granted_by LIKE 'EM-%' THEN
        IF accounts_emergency_grants(NEW, approver) THEN
            RETURN NEW;
        END IF;
        why := 'no emergency';
    ELSIF approver IS NULL THEN
        IF strpos(NEW.granted_by, ':') > 0 THEN
            RETURN NEW;
        END IF;
        why := 'nobody';
    ELSIF strpos(NEW.asked_by, ':') > 0 THEN
        why := 'asked by nobody';
    ELSE
        why := accounts_second_person(approver, NEW.asked_by, least(NEW.granted_at, now()));
    END IF;
    IF why <> '' THEN
        RAISE EXCEPTION 'grant %: % cannot approve as the second person (%)', NEW.id, approver, why
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_grant_has_two_people BEFORE INSERT ON accounts_accessgrant
    FOR EACH ROW EXECUTE FUNCTION accounts_grant_has_two_people();
CREATE FUNCTION accounts_replaced_grant_has_ended() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM accounts_accessgrant
               WHERE id = NEW.replaces_id AND revoked_at IS NULL AND valid_until >= NEW.valid_from) THEN
        RAISE EXCEPTION 'grant % takes the place of one that goes on', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER accounts_replaced_grant_has_ended AFTER INSERT ON accounts_accessgrant
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.replaces_id IS NOT NULL)
    EXECUTE FUNCTION accounts_replaced_grant_has_ended();
CREATE TRIGGER accounts_act_has_two_people BEFORE INSERT OR UPDATE ON accounts_accountact
    FOR EACH ROW WHEN (NEW.state = 'approved')
    EXECUTE FUNCTION accounts_approved_by_second_person('decided_by', 'decided_at', 'asked_by');

-- An approved request names the line that it led to, whose insertion has asked for the two people: the same ones.
CREATE FUNCTION accounts_request_is_its_grant() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM accounts_accessgrant g JOIN accounts_user a ON a.id = g.approved_by_id
        WHERE g.id = NEW.grant_id AND g.asked_by = NEW.asked_by
          AND NEW.decided_by = CASE WHEN g.granted_by LIKE 'EM-%' THEN g.granted_by ELSE a.reference END
          AND (g.user_id, g.role, g.category, g.purpose) = (NEW.user_id, NEW.role, NEW.category, NEW.purpose)
    ) THEN
        RAISE EXCEPTION 'request %: its grant was not approved by % as the second person', NEW.id, NEW.decided_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER accounts_request_is_its_grant BEFORE INSERT OR UPDATE ON accounts_accessrequest
    FOR EACH ROW WHEN (NEW.state = 'approved' AND NEW.decided_by <> NEW.asked_by)
    EXECUTE FUNCTION accounts_request_is_its_grant();
"""

class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_schema")]
    operations = [migrations.RunSQL(text) for text in (GUARD, INVITATIONS, SECOND_PERSON)]
