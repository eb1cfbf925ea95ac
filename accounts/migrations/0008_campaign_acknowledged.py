from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_cleanup_misses"),
    ]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="acknowledged",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="cleanup",
            name="turn_at",
            field=models.DateTimeField(null=True),
        ),
    ]
