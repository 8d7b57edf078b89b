"""What every command shares: arguments read in one way, and refused in Russian.

A command inherits from `Command`: a Refusal becomes its error, and so does what argparse says in English.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import calendar, errors, queries
from accounts.calendar import EARLIEST, LATEST
from accounts.errors import Refusal

MOST = 10**12  # ids and counts

# What argparse says → how it is said to people. The first that fits.
WORDS = [
    (r"the following arguments are required: (.+)", r"Не хватает аргументов: \1."),
    (r"unrecognized arguments: (.+)", r"Лишние аргументы: \1. Уберите их или проверьте написание."),
    (r"one of the arguments (.+) is required", r"Назовите одно из: \1."),
    (r"argument (.+?): not allowed with argument (.+)", r"\1 и \2 вместе не пишут: оставьте одно."),
    (r"argument (.+?): expected .*argument.*", r"\1: после него нужно значение."),
    (r"argument (.+?): invalid choice: '?(.*?)'? \(choose from (.+)\)", r"\1: «\2» не подходит. Можно: \3."),
    (r"argument (.+?): invalid \S+ value: '(.*)'", r"\1: «\2» не подходит."),
    (r"argument (.+?): ignored explicit argument '(.*)'", r"\1: значение «\2» здесь лишнее."),
    (r"ambiguous option: (\S+) could match (.+)", r"\1: непонятно, что это: \2. Напишите целиком."),
    (r"argument (.+?): (.+)", r"\1: \2"),
]


class _Parser(CommandParser):
    def error(self, message: str) -> NoReturn:
        text = in_russian(message)
        if self.called_from_command_line:
            self.exit(2, f"{text}\nСправка: {self.prog} --help\n")
        raise CommandError(text)


class Command(BaseCommand):
    """A command of ours."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = _Parser
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except Refusal as refusal:
            raise CommandError(refusal.text) from None


def in_russian(message: str) -> str:
    """An error of argparse in Russian."""
    for pattern, words in WORDS:
        if re.fullmatch(pattern, message, re.DOTALL):
            return re.sub(pattern, words, message, flags=re.DOTALL)
    return message


# --- types of arguments ----------------------------------------------------------------------------------------------


def month(text: str | calendar.Month) -> calendar.Month:
    """«2026-10» or «10.2026»."""
    if isinstance(text, calendar.Month):
        return text
    try:
        found = calendar.Month.parse(text)
    except Refusal as refusal:
        raise ArgumentTypeError(refusal.text) from None
    return calendar.Month(_known_time(found.first, text))


def day(text: str | date) -> date:
    """«2026-11-03» or «03.11.2026»."""
    if isinstance(text, date):
        return text
    typed = text.strip()
    if found := re.fullmatch(r"(\d{2})\.(\d{2})\.(\d{4})", typed):
        typed = "-".join(reversed(found.groups()))
    try:
        return _known_time(date.fromisoformat(typed), text)
    except ValueError:
        pass
    raise ArgumentTypeError(f"дата «{text}» не понята. Напишите её так: 2026-11-03.")


def whole(text: str | int) -> int:
    """A whole number above zero: an id, a count."""
    try:
        number = int(text)
    except ValueError:
        raise ArgumentTypeError(f"«{text}» не целое число.") from None
    if not 0 < number < MOST:
        raise ArgumentTypeError(f"«{text}» не подходит: нужно целое число больше нуля.")
    return number


def roubles(text: str | Decimal) -> Decimal:
    """«1 234,56»: roubles, not negative."""
    try:
        amount = Decimal("".join(str(text).split()).replace(",", "."))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < MOST:
        raise ArgumentTypeError(f"«{text}» не сумма. Напишите рубли так: 1234,56.")
    return amount


def _known_time(found: date, text: str) -> date:
    if not EARLIEST <= found.year <= LATEST:
        raise ArgumentTypeError(f"«{text}»: год должен быть от {EARLIEST} до {LATEST}. Проверьте дату.")
    return found


# --- what arguments name ---------------------------------------------------------------------------------------------


def account_of(number: str) -> queries.PersonalAccount:
    """The account of this number. Raises CommandError."""
    found = queries.account_by_number(number)
    if found is None:
        raise CommandError(f"Лицевого счёта {number} нет. Проверьте номер.")
    return found


def house_of(house_id: int) -> int:
    """The same id, if there is such a house. Raises CommandError."""
    if not queries.House.objects.filter(pk=house_id).exists():
        raise CommandError(f"Дома № {house_id} в системе нет. Номер дома стоит в его карточке.")
    return house_id


@contextmanager
def files_at(path: Path | str) -> Iterator[None]:
    """Files are read or written inside; what the system says against it becomes a CommandError that names the file."""
    try:
        yield
    except OSError as fault:
        raise CommandError(f"{fault.filename or path}: {errors.reason_of(fault)}. Назовите другой путь.") from None
