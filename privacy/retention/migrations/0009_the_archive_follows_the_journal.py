"""From here on the archive notes how far it follows the journal; one that is in use follows it so far."""

from django.db import connections, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def follow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    general = apps.get_model("retention", "JournalMark")
    if general._meta.db_table not in connections["default"].introspection.table_names():
        return
    mark = general.objects.using("default").first()
    if mark is not None:
        archive = apps.get_model("retention", "ArchiveJournalMark").objects.using("archive")
        archive.get_or_create(single=True, defaults={"line": mark.line, "at": mark.at})


class Migration(migrations.Migration):
    dependencies = [("retention", "0008_a_person_first_in_the_archive")]

    operations = [migrations.RunPython(follow, migrations.RunPython.noop, hints={"database": "archive"})]
