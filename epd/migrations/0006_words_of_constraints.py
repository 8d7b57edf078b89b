"""What the constraints say to people: words in the state alone, nothing changes in the tables."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_words_of_constraints"),
        ("epd", "0005_print_batches"),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="delivery",
            name="delivery_way_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("way__in", [1, 2, 3])),
                name="delivery_way_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="delivery",
            name="delivery_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", [1, 2, 3, 4])),
                name="delivery_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="delivery",
            name="delivery_once_a_way",
            constraint=models.UniqueConstraint(
                fields=("document", "way"),
                name="delivery_once_a_way",
                violation_error_message="Документ этим способом уже доставляется.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="delivery",
            name="delivery_sent_at_its_time",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("state", 2), _negated=True), ("sent_at__isnull", False), _connector="OR"),
                name="delivery_sent_at_its_time",
                violation_error_message="У отправленного документа указывают время отправки.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="deliveryrate",
            name="deliveryrate_way_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("way__in", [1, 2, 3])),
                name="deliveryrate_way_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="deliveryrate",
            name="deliveryrate_not_negative",
            constraint=models.CheckConstraint(
                condition=models.Q(("carriage__gte", 0), ("printing__gte", 0)),
                name="deliveryrate_not_negative",
                violation_error_message="Цена печати и доставки не бывает отрицательной.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="deliveryroute",
            name="deliveryroute_carrier_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("carrier__in", [1, 2])),
                name="deliveryroute_carrier_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="documentlook",
            name="documentlook_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="documentlook_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="documenttext",
            name="documenttext_validity_not_empty",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"),
                name="documenttext_validity_not_empty",
                violation_error_message="Дата окончания должна быть позже даты начала.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="documenttext",
            name="documenttext_place_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("place__in", [1, 2, 3])),
                name="documenttext_place_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentdocument",
            name="paymentdocument_once",
            constraint=models.UniqueConstraint(
                fields=("account", "month", "kind", "issue"),
                name="paymentdocument_once",
                violation_error_message="Такой платёжный документ уже выпущен.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentdocument",
            name="paymentdocument_kind_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [1, 2, 3])),
                name="paymentdocument_kind_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentdocument",
            name="paymentdocument_gis_id_length",
            constraint=models.CheckConstraint(
                condition=models.Q(("gis_id", None), ("gis_id__regex", "^.{18}$"), _connector="OR"),
                name="paymentdocument_gis_id_length",
                violation_error_message="Идентификатор документа в ГИС ЖКХ — 18 знаков.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentdocument",
            name="paymentdocument_issue_has_elder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("issue", 1), ("replaces", None)),
                    models.Q(("issue__gt", 1), ("replaces__isnull", False)),
                    _connector="OR",
                ),
                name="paymentdocument_issue_has_elder",
                violation_error_message="У исправленного документа указывают прежний, у первого его нет.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="printbatch",
            name="printbatch_state_known",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", [1, 2])),
                name="printbatch_state_known",
                violation_error_message="Такого значения нет в списке. Выберите другое.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="printbatch",
            name="printbatch_once",
            constraint=models.UniqueConstraint(
                fields=("run", "number"),
                name="printbatch_once",
                violation_error_message="Такая партия печати уже есть.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="printbatch",
            name="printbatch_size",
            constraint=models.CheckConstraint(
                condition=models.Q(("documents__range", (1, 5000))),
                name="printbatch_size",
                violation_error_message="В партии от 1 до 5 000 документов.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="printbatch",
            name="printbatch_done_has_file",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", 1), models.Q(models.Q(("file", ""), _negated=True), ("size__gt", 0)), _connector="OR"
                ),
                name="printbatch_done_has_file",
                violation_error_message="У готовой партии должен быть файл.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="subscription",
            name="subscription_one_at_a_time",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("account",),
                name="subscription_one_at_a_time",
                violation_error_message="Подписка по этому счёту уже есть. Сначала закройте её.",
            ),
        ),
    ]
