"""`manage.py ensure_roles`: groups of the staff with their rights; safe to repeat, run after every migrate."""

from typing import Any

from django.core.management.base import BaseCommand

from portals.office import roles


class Command(BaseCommand):
    help = "Создаёт группы сотрудников и раздаёт им права. Повторный запуск ничего не портит."

    def handle(self, **_: Any) -> None:
        roles.ensure_roles()
        self.stdout.write("Роли готовы: " + ", ".join([*roles.ROLES, roles.ADMINISTRATOR]) + ".")
