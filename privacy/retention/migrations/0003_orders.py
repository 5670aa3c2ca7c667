"""No key is destroyed that no approved list names: held by the database, whatever a process says (decision 0188).

A process is pages, intake or worker. The role that is all three in one (``portal_development``) exists on the embedded
server alone, for tests and commands; it is not held to what passes between them, and has a clock of its own.
"""

from django.db import migrations

PROCESS = """
CREATE FUNCTION retention_is_process() RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT vault_is_process() AND current_user <> 'portal_development'
$$;
-- The worker writes nobody's approval: only pages, where people sign in, do.
CREATE FUNCTION retention_is_pages() RETURNS boolean LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT NOT retention_is_process() OR pg_has_role(current_user, 'portal_app', 'MEMBER')
$$;
-- The latest moment that has come by this clock; hosts differ by less than five minutes, or their worker rests.
CREATE FUNCTION retention_latest() RETURNS timestamptz LANGUAGE sql VOLATILE SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN session_user = 'portal_development' THEN 'infinity'::timestamptz
                ELSE clock_timestamp() + interval '5 minutes' END
$$;
CREATE FUNCTION retention_refuse(what text) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'destruction: %', what
        USING ERRCODE = 'check_violation', CONSTRAINT = 'retention_destroyed_only_as_approved';
END $$;
"""

# What a release rests on: for each cause the record of those who decided it.
GROUNDS = """
CREATE FUNCTION retention_policy(on_day date) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT id FROM policies_policyversion WHERE state IN ('published', 'superseded') AND effective_on <= on_day
            ORDER BY effective_on DESC LIMIT 1);
END $$;

CREATE FUNCTION retention_rule(wanted text, on_day date) RETURNS policies_retentionrule
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
    found policies_retentionrule;
BEGIN
    SELECT r.* INTO found FROM policies_category c JOIN policies_retentionrule r ON r.category_id = c.id
    WHERE c.code = wanted AND c.version_id = retention_policy(on_day);
    RETURN found;
END $$;

-- What the office holds for duties of its own, beside the policy's categories: each ends with its duty.
CREATE FUNCTION retention_is_of_the_office(wanted text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT wanted IN ('contact', 'rights-request', 'complaint', 'disclosure-request', 'workforce', 'safeguard-evidence',
                      'destruction-evidence')
$$;
-- Whether people's data of a category is destroyed by lists: of one that a policy had, or of the office's own.
CREATE FUNCTION retention_is_listed(wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN retention_is_of_the_office(wanted) OR (wanted <> '' AND NOT starts_with(wanted, 'archive') AND EXISTS (
        SELECT FROM policies_category c JOIN policies_policyversion v ON v.id = c.version_id
        WHERE c.code = wanted AND v.state IN ('published', 'superseded')));
END $$;
-- Whether the policy of a day lets lists of a category go without an officer. What the office holds for a duty of its
-- own, and what the archive has kept for its term, ends with it.
CREATE FUNCTION retention_goes_by_rule(made retention_destructionlist, on_day date) RETURNS boolean
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT made.unit = 'archive' OR coalesce(
        NOT (retention_rule(made.category, on_day)).approval_required, retention_is_of_the_office(made.category), false)
$$;
CREATE FUNCTION retention_policy_wait(wanted text, on_day date) RETURNS interval
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT make_interval(hours => coalesce((retention_rule(wanted, on_day)).wait_hours, 0))
$$;

CREATE FUNCTION retention_number(wanted text, on_day date) RETURNS integer LANGUAGE plpgsql STABLE
    SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT value FROM policies_parameter WHERE code = wanted
            ORDER BY effective_on <= on_day DESC, abs(effective_on - on_day) LIMIT 1);
END $$;

-- Whether a wait that begins now lasts until then, by the shorter of the rulebook's waits where its day is just changing;
-- a request may have taken, or its host's clock be behind, five minutes. What is no process has a clock of its own.
CREATE FUNCTION retention_wait_is_whole(until timestamptz) RETURNS boolean LANGUAGE plpgsql VOLATILE
    SET search_path = public, pg_temp AS $$
DECLARE
    earliest timestamptz := clock_timestamp() - interval '5 minutes';
    hours integer := least(retention_number('withdrawal.wait.hours', (earliest AT TIME ZONE 'Asia/Seoul')::date),
                           retention_number('withdrawal.wait.hours', (clock_timestamp() AT TIME ZONE 'Asia/Seoul')::date));
BEGIN
    RETURN NOT retention_is_process() OR session_user = 'portal_development'
        OR until >= earliest + make_interval(hours => coalesce(hours, 24));
END $$;

CREATE FUNCTION retention_is_over_ceiling(made retention_destructionlist, on_day date) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT CASE made.unit
        WHEN 'people' THEN (SELECT count(*) FROM retention_destructionline WHERE list_id = made.id) > greatest(
            retention_number('destruction.ceiling.floor', on_day),
            (SELECT count(*) FROM subjects_subject WHERE state <> 'destroyed' OR destroyed_at > made.proposed_at)
                * retention_number('destruction.ceiling.percent', on_day) / 100)
        WHEN 'month' THEN (SELECT count(*) FROM retention_destructionlist other
                           WHERE other.run_id = made.run_id AND other.category = made.category AND other.unit = 'month')
            > retention_number('destruction.ceiling.months', on_day)
        ELSE false END
    );
END $$;

-- A deletion that was granted by one person and released by another, after its wait, of the people of the case.
CREATE FUNCTION retention_deletion_was_released(made retention_destructionlist, run retention_destructionrun)
RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT EXISTS (
        SELECT FROM rights_right r JOIN rights_request q ON q.id = r.request_id
        WHERE q.reference = split_part(run."case", '#', 1) AND r.position::text = split_part(run."case", '#', 2)
          AND r.kind = 'deletion' AND r.decision IN ('granted', 'partly-granted') AND r.decided_by <> ''
          AND r.started_at IS NOT NULL AND r.started_by = run.ordered_by AND r.carried_out_at IS NULL
          AND made.approved_by IN (r.decided_by, r.verifier)
          AND coalesce(r.waits_until, '-infinity') <= least(made.approved_at, retention_latest())
          AND r.category IN ('', made.category) AND NOT r.excluded ? made.category
          AND NOT EXISTS (
              SELECT FROM retention_destructionline l WHERE l.list_id = made.id AND NOT EXISTS (
                  SELECT FROM rights_caseperson p WHERE p.request_id = q.id AND p.subject_id = l.subject_id)))
    );
END $$;

-- A withdrawal whose wait is over and that nobody stopped, of what rested on the agreement that it ended.
CREATE FUNCTION retention_withdrawal_is_due(made retention_destructionlist, run retention_destructionrun)
RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT EXISTS (
        SELECT FROM consents_decision d JOIN consents_planneddestruction p ON p.decision_id = d.id
        JOIN consents_agreement a ON a.id = d.agreement_id
        WHERE d.reference = run."case" AND d.choice <> 'agree' AND p.state IN ('waiting', 'under-way')
          AND p.subject_id = d.subject_id AND p.due_at <= least(made.approved_at, retention_latest())
          AND (a.required OR a.categories ? made.category)
          AND NOT EXISTS (SELECT FROM retention_destructionline l
                          WHERE l.list_id = made.id AND l.subject_id <> d.subject_id))
    );
END $$;

CREATE FUNCTION retention_refuse_ungrounded(made retention_destructionlist) RETURNS void LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
DECLARE
    run retention_destructionrun;
    today date := least((retention_latest() AT TIME ZONE 'Asia/Seoul')::date, 'infinity'::date);
BEGIN
    SELECT * INTO run FROM retention_destructionrun WHERE id = made.run_id;
    IF NOT (made.unit = 'archive' AND made.category = 'archive'
            OR made.unit <> 'archive' AND retention_is_listed(made.category)) THEN
        PERFORM retention_refuse('no such category is destroyed by lists');
    END IF;
    IF run.cause = 'retention' AND run."case" = '' THEN
        IF run.as_of > today THEN
            PERFORM retention_refuse('a list of a day to come');
        END IF;
        IF made.unit = 'month' AND made.month + interval '1 month' > run.as_of THEN
            PERFORM retention_refuse('a month that is not over');
        END IF;
        IF NOT made.over_ceiling AND (
            retention_is_over_ceiling(made, run.as_of) OR (isfinite(today) AND retention_is_over_ceiling(made, today))
        ) THEN
            PERFORM retention_refuse('more than one officer may approve');
        END IF;
        IF made.not_before < coalesce(made.seconded_at, made.approved_at) + greatest(
            made.wait, retention_policy_wait(made.category, run.as_of),
            CASE WHEN isfinite(today) THEN retention_policy_wait(made.category, today) END
        ) THEN
            PERFORM retention_refuse('the wait is cut short');
        END IF;
        IF strpos(made.approved_by, ':') = 0 THEN
            IF isfinite(today)
               AND coalesce(made.seconded_at, made.approved_at) < retention_latest() - interval '10 minutes' THEN
                PERFORM retention_refuse('an approval is of now');
            END IF;
            IF NOT made.needs_approval AND NOT made.over_ceiling THEN
                PERFORM retention_refuse('an approval that nobody asked for');
            END IF;
        ELSIF made.needs_approval OR made.over_ceiling OR made.approved_by NOT LIKE 'rule:%'
              OR NOT retention_goes_by_rule(made, run.as_of)
              OR (isfinite(today) AND NOT retention_goes_by_rule(made, today)) THEN
            PERFORM retention_refuse('the rule lets nothing of this go without an officer');
        END IF;
    ELSIF NOT (made.unit = 'people' AND (
        (run.cause = 'deletion' AND retention_deletion_was_released(made, run))
        OR (run.cause = 'withdrawal' AND retention_withdrawal_is_due(made, run)))) THEN
        PERFORM retention_refuse('nobody ordered it');
    END IF;
END $$;
"""

LISTS = """
CREATE FUNCTION retention_says_it_began(made retention_destructionlist) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp AS $$
    SELECT made.step <> 'none' OR made.certificate_number <> '' OR made.executed_by <> '' OR made.keys_destroyed > 0
        OR num_nonnulls(made.begun_at, made.keys_at, made.rows_at, made.people_removed) > 0
$$;
CREATE FUNCTION retention_list_is_as_approved() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    approval text[] := ARRAY['plan', 'needs_approval', 'over_ceiling', 'approved_by', 'approved_at', 'seconded_by',
                             'seconded_at', 'not_before', 'people', 'records', 'target_on'];
    name text;
BEGIN
    IF NOT retention_is_process() THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'proposed' OR OLD.approved_by <> '' THEN
            PERFORM retention_refuse('an approved list stays');
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF (NEW.state, NEW.step, NEW.approved_by, NEW.seconded_by, NEW.certificate_number)
           IS DISTINCT FROM ('proposed', 'none', '', '', '') OR num_nonnulls(NEW.approved_at, NEW.seconded_at) > 0
           OR retention_says_it_began(NEW) THEN
            PERFORM retention_refuse('a list begins as a proposal');
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('done', 'aborted') OR NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('proposed', 'approved'), ('approved', 'executing'), ('executing', 'residue'), ('executing', 'done'),
        ('residue', 'done'), ('proposed', 'aborted'), ('approved', 'aborted'), ('executing', 'aborted'),
        ('residue', 'aborted')
    ) THEN
        PERFORM retention_refuse(format('a list that is %s does not become %s', OLD.state, NEW.state));
    END IF;
    IF NEW.state = 'executing' AND OLD.state = 'approved' AND NEW.not_before > retention_latest() THEN
        PERFORM retention_refuse('its wait is not over');
    END IF;
    IF NEW.state IN ('proposed', 'approved') AND retention_says_it_began(NEW)
       OR NEW.state = 'executing' AND (NEW.certificate_number = '' OR NEW.begun_at IS NULL)
       OR OLD.certificate_number <> '' AND (NEW.certificate_number, NEW.executed_by, NEW.begun_at)
          IS DISTINCT FROM (OLD.certificate_number, OLD.executed_by, OLD.begun_at)
       OR NOT (vault_is_of_now(NEW.begun_at, OLD.begun_at) AND vault_is_of_now(NEW.keys_at, OLD.keys_at)
               AND vault_is_of_now(NEW.rows_at, OLD.rows_at)) THEN
        PERFORM retention_refuse('what a list has done is said when it is done');
    END IF;
    IF NEW.approved_by <> OLD.approved_by AND OLD.approved_by = '' AND strpos(NEW.approved_by, ':') = 0
       AND NEW.ordered_by = '' AND NOT retention_is_pages()
       OR NEW.seconded_by <> OLD.seconded_by AND NOT retention_is_pages() THEN
        PERFORM retention_refuse('people approve in pages');
    END IF;
    IF OLD.state = 'proposed' AND OLD.approved_by = '' THEN
        IF NEW.state = 'approved' THEN
            PERFORM retention_refuse_ungrounded(NEW);
        END IF;
        RETURN NEW;
    END IF;
    FOREACH name IN ARRAY approval LOOP
        IF to_jsonb(NEW) -> name IS DISTINCT FROM to_jsonb(OLD) -> name
           AND NOT (OLD.state = 'proposed' AND name IN ('seconded_by', 'seconded_at', 'not_before')) THEN
            PERFORM retention_refuse('what was approved is not changed: ' || name);
        END IF;
    END LOOP;
    IF OLD.state = 'proposed' AND NEW.state = 'approved' THEN
        PERFORM retention_refuse_ungrounded(NEW);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_released_as_approved BEFORE INSERT OR UPDATE OR DELETE ON retention_destructionlist
    FOR EACH ROW EXECUTE FUNCTION retention_list_is_as_approved();

-- Whose data goes is settled with the approval. The archive's list names people as their records are counted.
CREATE FUNCTION retention_lines_are_as_approved() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT retention_is_process() THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM changed l JOIN retention_destructionlist n ON n.id = l.list_id
        WHERE NOT (n.state = 'proposed' AND n.approved_by = '')
          AND (TG_OP = 'DELETE' OR (
              l.state IN ('planned', 'keyed', 'counted', 'removed')
              AND NOT (n.unit = 'archive' AND n.state IN ('executing', 'residue') AND l.category = n.category)))
    ) THEN
        PERFORM retention_refuse('whom an approved list names is not changed');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER retention_lines_added_before_approval AFTER INSERT ON retention_destructionline
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION retention_lines_are_as_approved();
CREATE TRIGGER retention_lines_removed_before_approval AFTER DELETE ON retention_destructionline
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION retention_lines_are_as_approved();

CREATE FUNCTION retention_refuse_return() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF retention_is_process() THEN
        PERFORM retention_refuse('who was passed over stays so');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_passed_over_for_good BEFORE UPDATE ON retention_destructionline FOR EACH ROW
    WHEN (OLD.state NOT IN ('planned', 'keyed', 'counted', 'removed')
          AND NEW.state IN ('planned', 'keyed', 'counted', 'removed'))
    EXECUTE FUNCTION retention_refuse_return();
"""

# No key goes without its tombstone (vault_key_leaves_its_tombstone); no tombstone comes without a list that is being
# carried out and names it. What was previewed of a fleet is nobody's yet: its keys go with the import.
TOMBSTONES = """
CREATE FUNCTION retention_tombstone_is_ordered() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT retention_is_process() THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM stones s WHERE NOT EXISTS (
            SELECT FROM retention_destructionlist n JOIN retention_destructionrun run ON run.id = n.run_id
            WHERE n.certificate_number = s.certificate AND s.certificate <> '' AND n.state IN ('executing', 'residue')
              AND s.cause = run.cause AND CASE n.unit
                WHEN 'people' THEN s.category = n.category AND s.month IS NULL AND EXISTS (
                    SELECT FROM retention_destructionline l WHERE l.list_id = n.id AND l.subject_id = s.subject_id
                       AND l.state IN ('planned', 'keyed'))
                WHEN 'month' THEN s.category = n.category AND s.month = n.month
                ELSE starts_with(s.category, 'archive-') AND (
                    s.month < date_trunc('month', run.as_of)
                    OR EXISTS (SELECT FROM retention_destructionline l JOIN subjects_subject p ON p.id = l.subject_id
                               WHERE l.list_id = n.id AND l.subject_id = s.subject_id
                                  AND l.state IN ('counted', 'removed') AND p.state = 'destroyed'
                                  AND NOT EXISTS (
                                      SELECT FROM vault_subjectkey k JOIN policies_category c ON c.code = k.category
                                      WHERE k.subject_id = p.id AND c.version_id = (
                                          SELECT retention_policy((now() AT TIME ZONE 'Asia/Seoul')::date)))))
                END
        ) AND NOT (s.category = '' AND EXISTS (
            SELECT FROM devices_fleetimport f WHERE f.reference = s.certificate AND f.state IN ('running', 'cancelled')
               AND NOT EXISTS (SELECT FROM subjects_subject WHERE id = s.subject_id)
               AND NOT EXISTS (SELECT FROM vault_subjectkey k WHERE k.subject_id = s.subject_id
                                  AND (k.category, k.created_at) IS DISTINCT FROM ('device-registration', f.made_at))
        ))
    ) THEN
        PERFORM retention_refuse('no list that is carried out names this key');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER retention_tombstone_is_ordered AFTER INSERT ON vault_tombstone REFERENCING NEW TABLE AS stones
    FOR EACH STATEMENT EXECUTE FUNCTION retention_tombstone_is_ordered();
"""

# With an import go the keys that it made, and no other.
PREVIEWS = """
CREATE FUNCTION retention_previewed_key_is_the_imports() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF retention_is_process() AND EXISTS (
        SELECT FROM gone_keys k
        WHERE EXISTS (SELECT FROM vault_tombstone t WHERE t.subject_id = k.subject_id AND t.category = '')
          AND NOT EXISTS (SELECT FROM vault_tombstone t WHERE t.subject_id = k.subject_id AND t.category = k.category)
          AND NOT EXISTS (
              SELECT FROM vault_tombstone t JOIN devices_fleetimport f ON f.reference = t.certificate
              WHERE t.subject_id = k.subject_id AND t.category = ''
                AND (k.category, k.created_at) = ('device-registration', f.made_at))
    ) THEN
        PERFORM retention_refuse('this key is no import''s');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER retention_previewed_key_is_the_imports AFTER DELETE ON vault_subjectkey
    REFERENCING OLD TABLE AS gone_keys FOR EACH STATEMENT EXECUTE FUNCTION retention_previewed_key_is_the_imports();
"""

ALWAYS = """
ALTER TABLE retention_destructionlist ENABLE ALWAYS TRIGGER retention_released_as_approved;
ALTER TABLE retention_destructionline ENABLE ALWAYS TRIGGER retention_lines_added_before_approval;
ALTER TABLE retention_destructionline ENABLE ALWAYS TRIGGER retention_lines_removed_before_approval;
ALTER TABLE retention_destructionline ENABLE ALWAYS TRIGGER retention_passed_over_for_good;
ALTER TABLE vault_tombstone ENABLE ALWAYS TRIGGER retention_tombstone_is_ordered;
ALTER TABLE vault_subjectkey ENABLE ALWAYS TRIGGER retention_previewed_key_is_the_imports;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("retention", "0002_guards"), ("vault", "0002_guards")]

    operations = [
        migrations.RunSQL(text) for text in (PROCESS, GROUNDS, LISTS, TOMBSTONES, PREVIEWS, ALWAYS)
    ]
