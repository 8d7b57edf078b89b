"""How allauth signs in the people of this site: by e-mail or by phone, and where each of them lands."""

from __future__ import annotations

import logging
from typing import Any

import phonenumbers
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.fields import PhoneField
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from portals import sms

logger = logging.getLogger(__name__)

MISMATCH = (
    "Не подошли логин или пароль. Проверьте раскладку клавиатуры и Caps Lock; "
    "если пароль забыт, нажмите «Забыли пароль?»."
)
OBVIOUS = ("account/messages/logged_in.txt", "account/messages/logged_out.txt")


def as_e164(phone: str) -> str:
    """«8 (912) 345-67-89» → «+79123456789». Raises ValidationError on anything that is no phone number."""
    try:
        number = phonenumbers.parse(phone, "RU")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValidationError("Это не похоже на номер телефона. Напишите его так: +7 912 345-67-89.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class RussianPhoneField(PhoneField):
    """Takes a phone as people write it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("validators", [])
        super().__init__(*args, **kwargs)
        if not self.required:
            self.label = "Телефон (необязательно)"
            self.help_text = "По нему тоже можно будет входить."

    def clean(self, value: str) -> str:
        phone = super().clean(value)
        return as_e164(phone) if phone else phone


class AccountAdapter(DefaultAccountAdapter):
    """Phones live in `User.phone`; the messages are those of a billing centre."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": MISMATCH,
        "phone_password_mismatch": MISMATCH,
        "username_password_mismatch": MISMATCH,
        "too_many_login_attempts": "Слишком много неудачных попыток. Подождите пять минут и попробуйте снова.",
        "phone_taken": "Этот номер уже занят.",
    }

    def add_message(
        self, request: HttpRequest, level: int, message_template: str = "", *args: Any, **kwargs: Any
    ) -> None:
        """Says what happened, but not the obvious: that one has just entered or left."""
        if message_template not in OBVIOUS:
            super().add_message(request, level, message_template, *args, **kwargs)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("home")

    # --- phones ------------------------------------------------------------------------------------------------------

    def phone_form_field(self, **kwargs: Any) -> RussianPhoneField:
        return RussianPhoneField(**kwargs)

    def get_phone(self, user: AbstractBaseUser) -> tuple[str, bool] | None:
        phone = getattr(user, "phone", None)
        return (phone.as_e164, user.phone_verified) if phone else None  # type: ignore[attr-defined]

    def set_phone(self, user: AbstractBaseUser, phone: str, verified: bool) -> None:
        user.phone = as_e164(phone)  # type: ignore[attr-defined]
        user.phone_verified = verified  # type: ignore[attr-defined]
        if user.pk:
            user.save(update_fields=["phone", "phone_verified"])  # type: ignore[misc]

    def set_phone_verified(self, user: AbstractBaseUser, phone: str) -> None:
        self.set_phone(user, phone, True)

    def get_user_by_phone(self, phone: str) -> AbstractBaseUser | None:
        try:
            number = as_e164(phone)
        except ValidationError:
            return None
        return get_user_model()._default_manager.filter(phone=number).first()

    def send_verification_code_sms(self, user: AbstractBaseUser, phone: str, code: str, **kwargs: Any) -> None:
        sms.send(phone, f"{code} — код входа в личный кабинет. Никому его не сообщайте.")
        logger.info("portals.sms.code_sent", extra={"user_id": user.pk})

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        sms.send(phone, "Этот номер не привязан к личному кабинету. Зарегистрируйтесь на сайте или позвоните нам.")

    def send_account_already_exists_sms(self, phone: str) -> None:
        sms.send(phone, "Для этого номера кабинет уже есть. Войдите с паролем или восстановите его на сайте.")
