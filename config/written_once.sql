-- Who decided, approved or signed something, and when, is written once: whoever holds a role of the portal's replaces nobody.
CREATE OR REPLACE FUNCTION public.written_once() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    name text;
    was text;
    becomes text;
BEGIN
    IF NOT pg_has_role(current_user, 'portal_process', 'MEMBER') THEN
        RETURN NEW;
    END IF;
    FOREACH name IN ARRAY TG_ARGV LOOP
        was := coalesce(to_jsonb(OLD) ->> name, '');
        becomes := coalesce(to_jsonb(NEW) ->> name, '');
        CONTINUE WHEN was = '' OR becomes = was;
        IF TG_TABLE_NAME = 'rights_right' AND becomes = '' THEN
            -- A stopped destruction and an objection that was upheld open the right again, for a new decision.
            CONTINUE WHEN OLD.started_at IS NOT NULL AND OLD.carried_out_at IS NULL;
            CONTINUE WHEN EXISTS (SELECT FROM rights_objection WHERE right_id = OLD.id AND reviewed_at >= OLD.decided_at
                                  AND outcome IN ('upheld', 'partly-upheld'));
        END IF;
        RAISE EXCEPTION 'written_once: %.%', TG_TABLE_NAME, name USING ERRCODE = 'check_violation', CONSTRAINT = 'written_once';
    END LOOP;
    RETURN NEW;
END $$;
