"""Certificates and register entries are added and never changed; only the officer's confirmation comes later (SEC-33)."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION retention_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% on %: proofs of destruction are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION retention_keep_register() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.confirmed_at IS NULL
       AND to_jsonb(OLD) - 'confirmed_at' - 'confirmed_by' = to_jsonb(NEW) - 'confirmed_at' - 'confirmed_by' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on %: an entry of the register is only confirmed, once', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER retention_certificates_are_never_changed BEFORE UPDATE OR DELETE ON retention_certificate
    FOR EACH ROW EXECUTE FUNCTION retention_refuse_change();
CREATE TRIGGER retention_certificates_are_never_emptied BEFORE TRUNCATE ON retention_certificate
    FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_change();
CREATE TRIGGER retention_register_is_only_confirmed BEFORE UPDATE OR DELETE ON retention_registerentry
    FOR EACH ROW EXECUTE FUNCTION retention_keep_register();
CREATE TRIGGER retention_register_is_never_emptied BEFORE TRUNCATE ON retention_registerentry
    FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_change();
CREATE TRIGGER retention_papers_are_never_changed BEFORE UPDATE OR DELETE ON retention_paperdestruction
    FOR EACH ROW EXECUTE FUNCTION retention_refuse_change();
CREATE TRIGGER retention_papers_are_never_emptied BEFORE TRUNCATE ON retention_paperdestruction
    FOR EACH STATEMENT EXECUTE FUNCTION retention_refuse_change();

CREATE FUNCTION retention_copy_orderer() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.ordered_by := COALESCE((SELECT ordered_by FROM retention_destructionrun WHERE id = NEW.run_id AND "case" <> ''), '');
    RETURN NEW;
END $$;
CREATE TRIGGER retention_copy_orderer BEFORE INSERT OR UPDATE ON retention_destructionlist
    FOR EACH ROW EXECUTE FUNCTION retention_copy_orderer();
ALTER TABLE retention_destructionlist ENABLE ALWAYS TRIGGER retention_copy_orderer;

ALTER TABLE retention_certificate ENABLE ALWAYS TRIGGER retention_certificates_are_never_changed;
ALTER TABLE retention_certificate ENABLE ALWAYS TRIGGER retention_certificates_are_never_emptied;
ALTER TABLE retention_registerentry ENABLE ALWAYS TRIGGER retention_register_is_only_confirmed;
ALTER TABLE retention_registerentry ENABLE ALWAYS TRIGGER retention_register_is_never_emptied;
ALTER TABLE retention_paperdestruction ENABLE ALWAYS TRIGGER retention_papers_are_never_changed;
ALTER TABLE retention_paperdestruction ENABLE ALWAYS TRIGGER retention_papers_are_never_emptied;
"""

# The steps of a line rewrite it within its page: a page is filled by half when lines are written, so the next version
# fits beside the last. Twenty thousand lines take a fifth of the act, and took half a second of it.
ROOM = "ALTER TABLE retention_destructionline SET (fillfactor = 50)"

# Ciphertext does not compress. Boxes of one day are about two thousand bytes, just above what PostgreSQL puts aside:
# they are kept beside their row, or each would be written twice over.
ARCHIVE = """
ALTER TABLE retention_archivedrecord ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE retention_archivedrecord SET (toast_tuple_target = 8160);
"""

# The rule is the accounts' (decision 0106).
TWO_PEOPLE = """
CREATE TRIGGER retention_archive_has_two_people BEFORE INSERT OR UPDATE ON retention_archiveaccess
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'asked_by');
CREATE TRIGGER retention_lifting_has_two_people BEFORE INSERT OR UPDATE ON retention_hold
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('lifted_by', 'lifted_at', 'lift_asked_by');
CREATE TRIGGER retention_ceiling_has_two_people BEFORE INSERT OR UPDATE ON retention_destructionlist
    FOR EACH ROW EXECUTE FUNCTION accounts_approved_by_second_person('seconded_by', 'seconded_at', 'approved_by');

-- By their names these come after retention_copy_orderer. What the sweep proposes is approved by an account that may
-- approve; that it needs approval is never taken back.
CREATE TRIGGER retention_list_approved_by_second_person BEFORE INSERT OR UPDATE ON retention_destructionlist
    FOR EACH ROW WHEN ((NEW.needs_approval OR NEW.over_ceiling) AND NEW.ordered_by = '')
    EXECUTE FUNCTION accounts_approved_by_second_person('approved_by', 'approved_at', 'ordered_by');
CREATE FUNCTION retention_approval_is_needed() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'list %: the rule cannot approve as the second person', NEW.id USING ERRCODE = 'check_violation',
        CONSTRAINT = 'approved_by_a_second_person';
END $$;
CREATE TRIGGER retention_approval_is_needed BEFORE UPDATE ON retention_destructionlist
    FOR EACH ROW WHEN (((OLD.needs_approval AND NOT NEW.needs_approval) OR (OLD.over_ceiling AND NOT NEW.over_ceiling))
                       AND OLD.ordered_by = '')
    EXECUTE FUNCTION retention_approval_is_needed();

-- An order of one account is approved by another that belongs to somebody else. When it is written both have long shown
-- pledge and training in their own act (rights), so only what ties the two is asked: it can't get stuck on these.
-- What one officer released alone in an emergency is an order of that release and of no other.
CREATE FUNCTION retention_order_has_two_people() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.approved_by, NEW.ordered_by) IS NOT DISTINCT FROM (OLD.approved_by, OLD.ordered_by) THEN
        RETURN NEW;
    END IF;
    IF NEW.ordered_by LIKE 'EM-%' AND NOT EXISTS (
        SELECT FROM retention_destructionrun n
        JOIN rights_request q ON q.reference = split_part(n."case", '#', 1)
        JOIN rights_right r ON r.request_id = q.id AND r.position::text = split_part(n."case", '#', 2)
        WHERE n.id = NEW.run_id AND r.started_by = NEW.ordered_by
    ) THEN
        RAISE EXCEPTION 'order %: % released nothing of it', NEW.id, NEW.ordered_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
    END IF;
    IF EXISTS (SELECT FROM accounts_user WHERE reference = NEW.ordered_by)
       AND (NOT EXISTS (SELECT FROM accounts_user WHERE reference = NEW.approved_by)
            OR accounts_related(NEW.approved_by, NEW.ordered_by, least(coalesce(NEW.approved_at, now()), now()))) THEN
        RAISE EXCEPTION 'order %: % cannot approve as the second person', NEW.id, NEW.approved_by
            USING ERRCODE = 'check_violation', CONSTRAINT = 'approved_by_a_second_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER retention_order_has_two_people BEFORE INSERT OR UPDATE ON retention_destructionlist
    FOR EACH ROW WHEN (NEW.ordered_by <> '' AND NEW.approved_by <> '')
    EXECUTE FUNCTION retention_order_has_two_people();

ALTER TABLE retention_archiveaccess ENABLE ALWAYS TRIGGER retention_archive_has_two_people;
ALTER TABLE retention_destructionlist ENABLE ALWAYS TRIGGER retention_ceiling_has_two_people;
ALTER TABLE retention_destructionlist ENABLE ALWAYS TRIGGER retention_list_approved_by_second_person;
ALTER TABLE retention_destructionlist ENABLE ALWAYS TRIGGER retention_approval_is_needed;
ALTER TABLE retention_destructionlist ENABLE ALWAYS TRIGGER retention_order_has_two_people;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_guards"), ("retention", "0001_schema")]

    operations = [
        migrations.RunSQL(GUARDS),
        migrations.RunSQL(TWO_PEOPLE),
        migrations.RunSQL(ROOM),
        migrations.RunSQL(ARCHIVE, hints={"database": "archive"}),
    ]
