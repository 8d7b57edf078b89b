"""Texts, looks and wishes of documents as data; how each went to its payer, at what cost; subscriptions by e-mail."""

import django.contrib.postgres.constraints
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import accounts.fields


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_reference_stays"),
        ("epd", "0003_never_emptied"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeliveryRateEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "way",
                    models.SmallIntegerField(
                        choices=[(1, "на бумаге"), (2, "по эл. почте"), (3, "в кабинете")], verbose_name="способ"
                    ),
                ),
                ("printing", accounts.fields.MoneyField(default=0, verbose_name="печать и бумага, руб.")),
                ("carriage", accounts.fields.MoneyField(default=0, verbose_name="доставка, руб.")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DeliveryRoute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("route", models.IntegerField(unique=True, verbose_name="маршрут")),
                ("name", models.CharField(max_length=80, verbose_name="название")),
                (
                    "carrier",
                    models.SmallIntegerField(
                        choices=[(1, "курьер"), (2, "почта")], default=1, verbose_name="кто доставляет"
                    ),
                ),
            ],
            options={
                "verbose_name": "маршрут доставки",
                "verbose_name_plural": "маршруты доставки",
            },
        ),
        migrations.CreateModel(
            name="DocumentLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                ("region", models.BigIntegerField(default=0, verbose_name="начало ОКТМО (0: везде)")),
                ("window_left_mm", models.SmallIntegerField(default=21, verbose_name="окно конверта: слева, мм")),
                ("window_top_mm", models.SmallIntegerField(default=52, verbose_name="окно конверта: сверху, мм")),
                (
                    "capital_apart",
                    models.BooleanField(default=False, verbose_name="взнос на капитальный ремонт отдельным документом"),
                ),
            ],
            options={
                "verbose_name": "вид документа",
                "verbose_name_plural": "виды документов",
            },
        ),
        migrations.CreateModel(
            name="DocumentLookEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                ("region", models.BigIntegerField(default=0, verbose_name="начало ОКТМО (0: везде)")),
                ("window_left_mm", models.SmallIntegerField(default=21, verbose_name="окно конверта: слева, мм")),
                ("window_top_mm", models.SmallIntegerField(default=52, verbose_name="окно конверта: сверху, мм")),
                (
                    "capital_apart",
                    models.BooleanField(default=False, verbose_name="взнос на капитальный ремонт отдельным документом"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DocumentText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "place",
                    models.SmallIntegerField(
                        choices=[
                            (1, "сообщение месяца на документе"),
                            (2, "строка письма с документом"),
                            (3, "текст долгового документа"),
                        ],
                        default=1,
                        verbose_name="где печатается",
                    ),
                ),
                ("region", models.BigIntegerField(default=0, verbose_name="начало ОКТМО (0: везде)")),
                ("order", models.SmallIntegerField(default=100, verbose_name="порядок")),
                ("title", models.CharField(max_length=80, verbose_name="заголовок")),
                ("text", models.CharField(max_length=600, verbose_name="текст")),
            ],
            options={
                "verbose_name": "текст документа",
                "verbose_name_plural": "тексты документов",
            },
        ),
        migrations.CreateModel(
            name="DocumentTextEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "place",
                    models.SmallIntegerField(
                        choices=[
                            (1, "сообщение месяца на документе"),
                            (2, "строка письма с документом"),
                            (3, "текст долгового документа"),
                        ],
                        default=1,
                        verbose_name="где печатается",
                    ),
                ),
                ("region", models.BigIntegerField(default=0, verbose_name="начало ОКТМО (0: везде)")),
                ("order", models.SmallIntegerField(default=100, verbose_name="порядок")),
                ("title", models.CharField(max_length=80, verbose_name="заголовок")),
                ("text", models.CharField(max_length=600, verbose_name="текст")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DocumentWish",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("large", models.BooleanField(default=False, verbose_name="крупный шрифт")),
                (
                    "capital_apart",
                    models.BooleanField(default=False, verbose_name="взнос на капитальный ремонт отдельным документом"),
                ),
                ("ground", models.CharField(blank=True, max_length=255, verbose_name="основание")),
            ],
            options={
                "verbose_name": "пожелание к документу",
                "verbose_name_plural": "пожелания к документам",
            },
        ),
        migrations.CreateModel(
            name="DocumentWishEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("large", models.BooleanField(default=False, verbose_name="крупный шрифт")),
                (
                    "capital_apart",
                    models.BooleanField(default=False, verbose_name="взнос на капитальный ремонт отдельным документом"),
                ),
                ("ground", models.CharField(blank=True, max_length=255, verbose_name="основание")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254, verbose_name="эл. почта")),
                ("keeps_paper", models.BooleanField(default=False, verbose_name="и на бумаге")),
                ("token", models.CharField(max_length=43, unique=True, verbose_name="код подтверждения")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="запрошена")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="подтверждена")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="закончена")),
                ("reason", models.CharField(blank=True, max_length=255, verbose_name="почему закончена")),
            ],
            options={
                "verbose_name": "подписка на документы",
                "verbose_name_plural": "подписки на документы",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "way",
                    models.SmallIntegerField(
                        choices=[(1, "на бумаге"), (2, "по эл. почте"), (3, "в кабинете")], verbose_name="способ"
                    ),
                ),
                (
                    "state",
                    models.SmallIntegerField(
                        choices=[(1, "ждёт отправки"), (2, "отправлен"), (3, "не доставлен"), (4, "не нужен")],
                        default=1,
                        verbose_name="состояние",
                    ),
                ),
                ("address", models.CharField(blank=True, max_length=254, verbose_name="куда")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="поставлен")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="отправлен")),
                ("failed_at", models.DateTimeField(blank=True, null=True, verbose_name="не доставлен")),
                ("attempts", models.SmallIntegerField(default=0, verbose_name="попыток")),
                ("note", models.CharField(blank=True, max_length=255, verbose_name="примечание")),
                ("cost", accounts.fields.MoneyField(default=0, verbose_name="стоимость, руб.")),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="epd.paymentdocument",
                        verbose_name="документ",
                    ),
                ),
            ],
            options={
                "verbose_name": "доставка документа",
                "verbose_name_plural": "доставка документов",
            },
        ),
        migrations.CreateModel(
            name="DeliveryRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("valid_from", models.DateField(verbose_name="действует с")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="действует по (не включая)")),
                (
                    "way",
                    models.SmallIntegerField(
                        choices=[(1, "на бумаге"), (2, "по эл. почте"), (3, "в кабинете")], verbose_name="способ"
                    ),
                ),
                ("printing", accounts.fields.MoneyField(default=0, verbose_name="печать и бумага, руб.")),
                ("carriage", accounts.fields.MoneyField(default=0, verbose_name="доставка, руб.")),
            ],
            options={
                "verbose_name": "цена доставки",
                "verbose_name_plural": "цены доставки",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="deliveryrate_validity_not_empty",
                        violation_error_message="Дата окончания должна быть позже даты начала.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (accounts.fields.Int8Range(models.F("way"), models.F("way"), models.Value("[]")), "&&"),
                            (
                                accounts.fields.DateRange(
                                    models.F("valid_from"), models.F("valid_to"), models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="deliveryrate_no_overlap",
                        violation_error_message="На эти дни цена уже задана. Закройте прежнюю датой.",
                    ),
                    models.CheckConstraint(condition=models.Q(("way__in", [1, 2, 3])), name="deliveryrate_way_known"),
                    models.CheckConstraint(
                        condition=models.Q(("carriage__gte", 0), ("printing__gte", 0)), name="deliveryrate_not_negative"
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deliveryrate",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "epd_deliveryrateevent" ("carriage", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "printing", "valid_from", "valid_to", "way") VALUES (OLD."carriage", OLD."id", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."printing", OLD."valid_from", OLD."valid_to", OLD."way"); RETURN NULL;',
                    hash="b7f8d01c0e247725e00d2c5358dd5b790790550e",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_3c671",
                    table="epd_deliveryrate",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="deliveryrate",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "epd_deliveryrateevent" ("carriage", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "printing", "valid_from", "valid_to", "way") VALUES (OLD."carriage", OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."printing", OLD."valid_from", OLD."valid_to", OLD."way"); RETURN NULL;',
                    hash="cc8b0f917e0b5ef69497b6e629a3e187522700fa",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_a525f",
                    table="epd_deliveryrate",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="deliveryrateevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="deliveryrateevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="epd.deliveryrate",
            ),
        ),
        migrations.AddField(
            model_name="deliveryroute",
            name="office",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.office",
                verbose_name="отделение",
            ),
        ),
        migrations.AddField(
            model_name="documentlook",
            name="principal",
            field=models.ForeignKey(
                blank=True,
                help_text="управляющая организация домов; пусто: все",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organisation",
                verbose_name="поставщик",
            ),
        ),
        migrations.AddField(
            model_name="documentlookevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="documentlookevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="epd.documentlook",
            ),
        ),
        migrations.AddField(
            model_name="documentlookevent",
            name="principal",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                help_text="управляющая организация домов; пусто: все",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="accounts.organisation",
                verbose_name="поставщик",
            ),
        ),
        migrations.AddField(
            model_name="documenttext",
            name="principal",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.organisation",
                verbose_name="поставщик",
            ),
        ),
        migrations.AddField(
            model_name="documenttextevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="documenttextevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="epd.documenttext",
            ),
        ),
        migrations.AddField(
            model_name="documenttextevent",
            name="principal",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="accounts.organisation",
                verbose_name="поставщик",
            ),
        ),
        migrations.AddField(
            model_name="documentwish",
            name="account",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.personalaccount",
                verbose_name="счёт",
            ),
        ),
        migrations.AddField(
            model_name="documentwishevent",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                related_query_name="+",
                to="accounts.personalaccount",
                verbose_name="счёт",
            ),
        ),
        migrations.AddField(
            model_name="documentwishevent",
            name="pgh_context",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="pghistory.context",
            ),
        ),
        migrations.AddField(
            model_name="documentwishevent",
            name="pgh_obj",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="events",
                to="epd.documentwish",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.personalaccount",
                verbose_name="счёт",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", 1)), fields=["way", "id"], name="delivery_waiting"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(condition=models.Q(("way__in", [1, 2, 3])), name="delivery_way_known"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", [1, 2, 3, 4])), name="delivery_state_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("document", "way"), name="delivery_once_a_way"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("state", 2), _negated=True), ("sent_at__isnull", False), _connector="OR"),
                name="delivery_sent_at_its_time",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="delivery",
            trigger=pgtrigger.compiler.Trigger(
                name="delivery_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c9fa396a2a2933c369eb396ef1b3d4acb53a1ecd",
                    operation="DELETE",
                    pgid="pgtrigger_delivery_kept_1d29d",
                    table="epd_delivery",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryroute",
            constraint=models.CheckConstraint(
                condition=models.Q(("carrier__in", [1, 2])), name="deliveryroute_carrier_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="documentlook",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="documentlook_validity_not_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentlook",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    (
                        accounts.fields.Int8Range(
                            django.db.models.functions.comparison.Coalesce(models.F("principal"), models.Value(0)),
                            django.db.models.functions.comparison.Coalesce(models.F("principal"), models.Value(0)),
                            models.Value("[]"),
                        ),
                        "&&",
                    ),
                    (accounts.fields.Int8Range(models.F("region"), models.F("region"), models.Value("[]")), "&&"),
                    (accounts.fields.DateRange(models.F("valid_from"), models.F("valid_to"), models.Value("[)")), "&&"),
                ],
                name="documentlook_no_overlap",
                violation_error_message="На эти дни вид уже задан. Закройте прежний датой.",
            ),
        ),
        migrations.AddConstraint(
            model_name="documentlook",
            constraint=models.CheckConstraint(
                condition=models.Q(("window_left_mm__range", (10, 30)), ("window_top_mm__range", (40, 66))),
                name="documentlook_window_on_paper",
                violation_error_message="Окно: 10–30 мм слева и 40–66 мм сверху, иначе адрес заденет текст.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documentlook",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "epd_documentlookevent" ("capital_apart", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "principal_id", "region", "valid_from", "valid_to", "window_left_mm", "window_top_mm") VALUES (OLD."capital_apart", OLD."id", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."principal_id", OLD."region", OLD."valid_from", OLD."valid_to", OLD."window_left_mm", OLD."window_top_mm"); RETURN NULL;',
                    hash="66320015e911a55981401f2288da0007c98cc21c",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_48a82",
                    table="epd_documentlook",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documentlook",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "epd_documentlookevent" ("capital_apart", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "principal_id", "region", "valid_from", "valid_to", "window_left_mm", "window_top_mm") VALUES (OLD."capital_apart", OLD."id", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."principal_id", OLD."region", OLD."valid_from", OLD."valid_to", OLD."window_left_mm", OLD."window_top_mm"); RETURN NULL;',
                    hash="53026fe00bbaa45113728bb7ee83ed7fb52a257c",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_9f692",
                    table="epd_documentlook",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="documenttext",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="documenttext_validity_not_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="documenttext",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__in", [1, 2, 3])), name="documenttext_place_known"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documenttext",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "epd_documenttextevent" ("id", "order", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "principal_id", "region", "text", "title", "valid_from", "valid_to") VALUES (OLD."id", OLD."order", _pgh_attach_context(), NOW(), \'before\', OLD."id", OLD."place", OLD."principal_id", OLD."region", OLD."text", OLD."title", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="d1809404f21f098b385520c095e8c7b253b2328f",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_bac28",
                    table="epd_documenttext",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documenttext",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "epd_documenttextevent" ("id", "order", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place", "principal_id", "region", "text", "title", "valid_from", "valid_to") VALUES (OLD."id", OLD."order", _pgh_attach_context(), NOW(), \'removed\', OLD."id", OLD."place", OLD."principal_id", OLD."region", OLD."text", OLD."title", OLD."valid_from", OLD."valid_to"); RETURN NULL;',
                    hash="15c790c26431d59a88f641c86b0e3e4c5ebf1709",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_9a402",
                    table="epd_documenttext",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documentwish",
            trigger=pgtrigger.compiler.Trigger(
                name="before_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "epd_documentwishevent" ("account_id", "capital_apart", "ground", "id", "large", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."account_id", OLD."capital_apart", OLD."ground", OLD."id", OLD."large", _pgh_attach_context(), NOW(), \'before\', OLD."id"); RETURN NULL;',
                    hash="fa7c2748320f5992050db525cc0251de83d9530b",
                    operation="UPDATE",
                    pgid="pgtrigger_before_update_52bee",
                    table="epd_documentwish",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="documentwish",
            trigger=pgtrigger.compiler.Trigger(
                name="removed_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "epd_documentwishevent" ("account_id", "capital_apart", "ground", "id", "large", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."account_id", OLD."capital_apart", OLD."ground", OLD."id", OLD."large", _pgh_attach_context(), NOW(), \'removed\', OLD."id"); RETURN NULL;',
                    hash="391e68a4a0c3d7ad8cbd5bb410db07210f14b3c0",
                    operation="DELETE",
                    pgid="pgtrigger_removed_delete_039f4",
                    table="epd_documentwish",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("account",), name="subscription_one_at_a_time"
            ),
        ),
    ]
