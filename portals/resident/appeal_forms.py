"""What a resident tells in an appeal, topic by topic; the files beside it."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError

from portals.models import Topic

ACCEPTED = ".jpg,.jpeg,.png,.pdf,image/jpeg,image/png,application/pdf"


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """Up to five photographs or PDFs; what is inside is judged when they are opened."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", ManyFilesInput(attrs={"accept": ACCEPTED}))
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", "Фото или документ")
        kwargs.setdefault("help_text", "До 5 файлов: фото или PDF, каждый до 10 МБ.")
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = [one for one in (data if isinstance(data, (list, tuple)) else [data]) if one]
        if not given:
            return [] if not self.required else super().clean(None, initial)
        if len(given) > 5:
            raise ValidationError("Можно приложить до 5 файлов.")
        return given  # an empty file is refused where it is opened, by its name


def day_box() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", day_box())
        kwargs.setdefault("input_formats", ["%Y-%m-%d", "%d.%m.%Y"])
        kwargs.setdefault(
            "error_messages", {"invalid": "Дата не понята: например, 05.11.2026.", "required": "Укажите день."}
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        if isinstance(found, date) and not date(2000, 1, 1) <= found <= date(2099, 12, 31):
            raise ValidationError("Такого дня быть не может. Проверьте год.")
        return found


def persons_field(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=1, max_value=99, initial=1,
        error_messages={"required": "Укажите, сколько человек.", "invalid": "Нужно целое число."},
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class MessageForm(forms.Form):
    """Words and files; the key makes the second press of the button harmless."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    text = forms.CharField(
        label="Сообщение",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": "Текст длиннее 4000 знаков. Сократите его или приложите документом."},
    )
    files = ManyFiles()  # type: ignore[assignment]


class AppealForm(MessageForm):
    """An appeal of any topic; the others add what their topic needs."""

    topic: ClassVar[Topic] = Topic.QUESTION
    FACTS: ClassVar[tuple[str, ...]] = ()
    NEEDS_TEXT: ClassVar[bool] = True
    HINT: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = "Что случилось" if self.NEEDS_TEXT else "Что добавить (необязательно)"
        self.order_fields([*self.FACTS, "text", "files"])

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if self.NEEDS_TEXT and not told.get("text") and "text" not in self.errors:
            self.add_error("text", "Напишите, в чём вопрос.")
        return told

    def word(self, name: str) -> Any:
        """What was chosen or typed, as people read it."""
        value = self.cleaned_data.get(name)
        choices = dict(getattr(self.fields[name], "choices", ()))
        if value in choices:
            return choices[value]
        return value.isoformat() if isinstance(value, date) else value

    @property
    def facts(self) -> dict[str, Any]:
        return {name: self.word(name) for name in self.FACTS if self.cleaned_data.get(name) not in (None, "")}

    @property
    def subject(self) -> str:
        return " ".join(self.cleaned_data["text"].split())[:100] or self.topic.label


class ChargeForm(AppealForm):
    """A mistake in the charge, from a line of the bill."""

    topic = Topic.CHARGE
    FACTS = ("line",)
    line = forms.ChoiceField(label="Строка квитанции", required=False)

    def __init__(self, *args: Any, lines: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Вся квитанция или не знаю"), *lines]

    @property
    def subject(self) -> str:
        return str(self.word("line")) if self.cleaned_data.get("line") else super().subject


class AbsenceForm(AppealForm):
    """Away for more than five full days (п. 86, 91–93 Правил № 354)."""

    topic = Topic.ABSENCE
    FACTS = ("left_on", "back_on", "persons", "document")
    NEEDS_TEXT = False
    HINT = (
        "Перерасчёт положен, если не было дома больше 5 полных дней, по услугам без счётчика. Заявление подают до "
        "отъезда или в течение 30 дней после возвращения."
    )
    left_on = DayField(label="День отъезда")
    back_on = DayField(label="День возвращения")
    persons = persons_field("Сколько человек уезжало")
    document = forms.CharField(
        label="Чем подтвердите", max_length=160, help_text="Билеты, справка о временной регистрации, из больницы.",
        error_messages={"required": "Назовите документ и приложите его фото."},
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        left, back = told.get("left_on"), told.get("back_on")
        if left and back:
            days = (back - left).days - 1
            if back <= left:
                self.add_error("back_on", "День возвращения должен быть позже дня отъезда.")
            elif days <= 5:
                self.add_error(
                    "back_on",
                    f"Полных дней отсутствия {max(days, 0)}: дни отъезда и возвращения не считаются, а перерасчёт "
                    "положен, если их больше 5.",
                )
        return told

    @property
    def subject(self) -> str:
        told = self.cleaned_data
        return f"Нас не было дома {told['left_on']:%d.%m.%Y} – {told['back_on']:%d.%m.%Y}, человек: {told['persons']}"


class QualityForm(AppealForm):
    """A break or bad quality of a service."""

    topic = Topic.QUALITY
    FACTS = ("service", "started", "ended")
    service = forms.ChoiceField(label="Услуга", error_messages={"required": "Выберите услугу."})
    started = DayField(label="Когда началось")
    ended = DayField(label="Когда закончилось", required=False, help_text="Если ещё длится, оставьте пустым.")

    def __init__(self, *args: Any, services: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Выберите"), *((name, name) for name in services), ("Другая", "Другая")]

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        if told.get("started") and told.get("ended") and told["ended"] < told["started"]:
            self.add_error("ended", "Закончилось не раньше, чем началось.")
        return told

    @property
    def subject(self) -> str:
        return f"{self.cleaned_data['service']}: с {self.cleaned_data['started']:%d.%m.%Y}"


class PersonalForm(AppealForm):
    """Name, telephone or e-mail of the payer."""

    topic = Topic.PERSONAL
    FACTS = ("what", "value")
    NEEDS_TEXT = False
    HINT = "Почту и телефон для входа вы меняете сами в меню вверху справа. Здесь данные плательщика в лицевом счёте."
    what = forms.ChoiceField(
        label="Что изменить",
        choices=[
            ("name", "Фамилия, имя, отчество"), ("phone", "Телефон"), ("email", "Эл. почта"), ("other", "Другое"),
        ],
    )  # fmt: skip
    value = forms.CharField(
        label="Как должно быть", max_length=160, error_messages={"required": "Напишите новое значение."},
        help_text="Для имени приложите фото паспорта или свидетельства.",
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        told = super().clean()
        if told.get("what") == "name" and not told.get("files") and "files" not in self.errors:
            self.add_error("files", "Приложите документ, по которому изменилось имя.")
        return told

    @property
    def subject(self) -> str:
        return f"{self.word('what')}: {self.cleaned_data['value']}"


class HouseholdForm(AppealForm):
    """Who lives here: moved in, moved out, was born, died."""

    topic = Topic.HOUSEHOLD
    FACTS = ("change", "since", "persons")
    NEEDS_TEXT = False
    HINT = "Приложите документ: свидетельство о регистрации, о рождении, о смерти, справку о снятии с учёта."
    change = forms.ChoiceField(
        label="Что произошло",
        choices=[
            ("in", "Вселились"), ("out", "Выселились"), ("born", "Родился ребёнок"), ("died", "Умер проживавший"),
        ],
    )  # fmt: skip
    since = DayField(label="С какого дня")
    persons = persons_field("Сколько человек")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"].required = True
        self.fields["files"].error_messages["required"] = "Приложите фото документа: без него изменить нельзя."

    @property
    def subject(self) -> str:
        told = self.cleaned_data
        return f"{self.word('change')}: {told['persons']} чел. с {told['since']:%d.%m.%Y}"


class CertificateForm(AppealForm):
    """A certificate that the cabinet does not make by itself."""

    topic = Topic.CERTIFICATE
    FACTS = ("certificate", "months")
    NEEDS_TEXT = False
    certificate = forms.ChoiceField(
        label="Какая справка",
        choices=[
            (name, name)
            for name in ("О составе семьи", "Выписка из лицевого счёта", "О начислениях за период", "Другая")
        ],
    )  # fmt: skip
    months = forms.CharField(label="За какой период", required=False, max_length=60)

    @property
    def subject(self) -> str:
        return str(self.cleaned_data["certificate"])


FORMS: dict[int, type[AppealForm]] = {
    form.topic: form
    for form in (AppealForm, ChargeForm, AbsenceForm, QualityForm, PersonalForm, HouseholdForm, CertificateForm)
}
