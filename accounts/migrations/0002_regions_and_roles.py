"""The guide's table and the regions beyond it; the groups that people are put into."""

from django.db import migrations

from accounts.domain.regions import BEYOND_GUIDE_ROWS, GUIDE_ROWS, partition_of


def fill_regions(apps, schema_editor):
    Region = apps.get_model("accounts", "Region")
    Region.objects.bulk_create(
        Region(
            code=row.code,
            name=row.name,
            partition=partition_of(row.code),
            supported=row.supported,
            beyond_guide=row.beyond_guide,
            opt_in=row.opt_in,
            polled=row.supported,
            note=row.note,
        )
        for row in GUIDE_ROWS + BEYOND_GUIDE_ROWS
    )


def make_groups(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ContentType = apps.get_model("contenttypes", "ContentType")
    account, _ = ContentType.objects.get_or_create(app_label="accounts", model="account")
    rights = {
        code: Permission.objects.get_or_create(content_type=account, codename=code, defaults={"name": name})[0]
        for code, name in (
            ("watch", "May look at accounts"),
            ("operate", "May import, poll and change settings"),
        )
    }
    Group.objects.get_or_create(name="viewer")[0].permissions.add(rights["watch"])
    Group.objects.get_or_create(name="operator")[0].permissions.add(rights["watch"], rights["operate"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_tables"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(fill_regions, migrations.RunPython.noop),
        migrations.RunPython(make_groups, migrations.RunPython.noop),
    ]
