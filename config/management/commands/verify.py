"""The laws of the system over all data; status 1 and the offending keys when one is broken."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts import commands
from accounts.calendar import Month
from config import verification


class Command(commands.Command):
    help = "Проверить законы системы по всем данным (или за месяц). Нарушения: ключи строк и код завершения 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", type=commands.month, help="только этот месяц, 2026-10")
        parser.add_argument(
            "--whole", action="store_true", help="посчитать проведённый месяц снова у всех счетов, а не у выборки"
        )
        parser.add_argument("--timing", action="store_true", help="показать, сколько секунд заняла каждая проверка")

    def handle(self, *, month: Month | None, whole: bool, timing: bool, **_: Any) -> None:
        if month is not None and not verification.has_data(month):
            self.stdout.write(f"За {month.title} данных нет: проверять нечего.")
            return
        broken = 0
        for finding in verification.findings(month, whole=whole, hands=verification.HANDS):
            law = f"закон {finding.law}" if finding.law else "связи"
            covers = f" ({finding.covers})" if finding.covers else ""
            seconds = f"{finding.seconds:8.2f} с" if timing else ""
            verdict = "НАРУШЕН" if finding.keys else "соблюдён"
            self.stdout.write(f"{verdict:>9}{seconds}  {law}: {finding.name}{covers}")
            for key in finding.keys:
                self.stdout.write(f"           {key}")
            if finding.count > len(finding.keys):
                self.stdout.write(f"           … всего {finding.count}")
            broken += bool(finding.keys)
        if broken:
            raise CommandError(f"Нарушено законов: {broken}. Ключи строк выше.")
        self.stdout.write("Все законы соблюдены.")
