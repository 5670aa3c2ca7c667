"""Decisions are appended and never changed; a published text never changes either, only its state (P3.6, law C-08)."""

from django.db import migrations

MAKE = """
CREATE FUNCTION consents_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %: decisions are only ever added', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER consents_decisions_are_never_changed BEFORE UPDATE OR DELETE ON consents_decision
    FOR EACH ROW EXECUTE FUNCTION consents_refuse_change();
CREATE TRIGGER consents_decisions_are_never_emptied BEFORE TRUNCATE ON consents_decision
    FOR EACH STATEMENT EXECUTE FUNCTION consents_refuse_change();
ALTER TABLE consents_decision ENABLE ALWAYS TRIGGER consents_decisions_are_never_changed;
ALTER TABLE consents_decision ENABLE ALWAYS TRIGGER consents_decisions_are_never_emptied;

CREATE FUNCTION consents_keep_published_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'superseded'
       AND to_jsonb(OLD) - 'state' - 'superseded_at' = to_jsonb(NEW) - 'state' - 'superseded_at' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published text is never changed: %', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER consents_published_texts_are_never_changed BEFORE UPDATE OR DELETE ON consents_agreementversion
    FOR EACH ROW EXECUTE FUNCTION consents_keep_published_text();
CREATE TRIGGER consents_texts_are_never_emptied BEFORE TRUNCATE ON consents_agreementversion
    FOR EACH STATEMENT EXECUTE FUNCTION consents_refuse_change();
ALTER TABLE consents_agreementversion ENABLE ALWAYS TRIGGER consents_published_texts_are_never_changed;
ALTER TABLE consents_agreementversion ENABLE ALWAYS TRIGGER consents_texts_are_never_emptied;
"""

UNMAKE = """
DROP TRIGGER consents_texts_are_never_emptied ON consents_agreementversion;
DROP TRIGGER consents_published_texts_are_never_changed ON consents_agreementversion;
DROP TRIGGER consents_decisions_are_never_emptied ON consents_decision;
DROP TRIGGER consents_decisions_are_never_changed ON consents_decision;
DROP FUNCTION consents_keep_published_text();
DROP FUNCTION consents_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("consents", "0001_agreements_and_decisions")]

    operations = [migrations.RunSQL(MAKE, UNMAKE, hints={"database": "default"})]
