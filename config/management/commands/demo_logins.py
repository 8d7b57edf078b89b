"""Who may log in to the demonstration."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import demo


class Command(BaseCommand):
    help = "Напечатать логины показа."

    def handle(self, **_: Any) -> None:
        rows = demo.logins()
        if not rows:
            raise CommandError("Логинов показа нет. Создайте показ: ./dev start")
        for email, who, place in rows:
            self.stdout.write(f"{email:<28} {who:<34} {place}   пароль: {demo.PASSWORD}")
