"""Who logs in (User) and who lives, owns and pays (Person)."""

from __future__ import annotations

from typing import Any, ClassVar

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Upper
from django.utils import timezone
from phonenumber_field.modelfields import PhoneNumberField

from accounts.fields import IsSnils, Translate, row_history, validate_snils


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail or phone."""

    def create_user(self, email: str | None = None, password: str | None = None, **fields: Any) -> User:
        email = self.normalize_email(email).lower() if email else None
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """Whoever logs in: a resident, a principal's employee, one of the staff. By e-mail or phone."""

    email = models.EmailField("эл. почта", unique=True, null=True, blank=True)
    phone = PhoneNumberField("телефон", unique=True, null=True, blank=True)
    phone_verified = models.BooleanField("телефон подтверждён", default=False)
    # Whoever enters by the number of the account and the code on its document, without any password, is known by it.
    entry = models.CharField(
        "вход по лицевому счёту", max_length=20, unique=True, null=True, blank=True, editable=False
    )
    name = models.CharField("имя", max_length=160, blank=True)
    is_staff = models.BooleanField("сотрудник", default=False)
    is_active = models.BooleanField("действует", default=True)
    joined_at = models.DateTimeField("создан", default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "пользователь"
        verbose_name_plural = "пользователи"
        constraints = [
            models.CheckConstraint(
                name="user_has_login",
                condition=Q(email__isnull=False) | Q(phone__isnull=False) | Q(entry__isnull=False),
                violation_error_message="Нужна эл. почта или телефон.",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email or (str(self.phone) if self.phone else f"Лицевой счёт {self.entry}")

    def get_full_name(self) -> str:
        return str(self)

    get_short_name = get_full_name


@pghistory.track(*row_history(), exclude=["search_name"])
class Person(models.Model):
    """A natural person: owner, resident, payer."""

    last_name = models.CharField("фамилия", max_length=60)
    first_name = models.CharField("имя", max_length=60, blank=True)
    middle_name = models.CharField("отчество", max_length=60, blank=True)
    born_on = models.DateField("дата рождения", null=True, blank=True)
    snils = models.CharField("СНИЛС", max_length=11, null=True, blank=True, validators=[validate_snils])
    phone = PhoneNumberField("телефон", null=True, blank=True)
    email = models.EmailField("эл. почта", null=True, blank=True)
    search_name = models.GeneratedField(
        expression=Translate(
            Upper(Concat("last_name", Value(" "), "first_name", Value(" "), "middle_name")), Value("Ё"), Value("Е")
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = "физическое лицо"
        verbose_name_plural = "физические лица"
        indexes = [
            models.Index(fields=["search_name"], name="person_by_name", opclasses=["text_pattern_ops"]),
            models.Index(fields=["phone"], name="person_by_phone", condition=Q(phone__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                name="person_snils_valid",
                condition=Q(snils__isnull=True) | Q(IsSnils(F("snils"))),
                violation_error_message="СНИЛС неверен: контрольное число не сходится.",
            ),
            models.UniqueConstraint(
                fields=["snils"],
                name="person_snils_once",
                violation_error_message="Гражданин с таким СНИЛС уже есть. Найдите его.",
                condition=Q(snils__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)
