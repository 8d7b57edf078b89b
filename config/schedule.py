"""Who runs when, all in one place. Times are those of settings.TIME_ZONE (Asia/Yekaterinburg).

A job lives in the `tasks.py` of its app and is named here by its path. Beat copies this table into the database
when it starts; there an operator may pause a job, and the next start leaves it paused, but moves it back to the time
given here.
"""

from typing import Any

from celery.schedules import crontab

Entry = dict[str, Any]


def daily(hour: int, minute: int, task: str, **arguments: object) -> Entry:
    return {"task": task, "schedule": crontab(hour=hour, minute=minute), "kwargs": arguments}


def working_days(hour: int, minute: int, task: str, **arguments: object) -> Entry:
    """Monday to Saturday: a working Saturday exists, and which day is a holiday is not a matter of weekdays.

    The task itself asks `accounts.calendar` whether today is a working day, and does nothing otherwise.
    """
    return {"task": task, "schedule": crontab(hour=hour, minute=minute, day_of_week="1-6"), "kwargs": arguments}


def hourly(minute: int, task: str, **arguments: object) -> Entry:
    return {"task": task, "schedule": crontab(minute=minute), "kwargs": arguments}


def every_minute(task: str, **arguments: object) -> Entry:
    return {"task": task, "schedule": crontab(), "kwargs": arguments}


def monthly(day: int, hour: int, minute: int, task: str, **arguments: object) -> Entry:
    schedule = crontab(day_of_month=day, hour=hour, minute=minute)
    return {"task": task, "schedule": schedule, "kwargs": arguments}


BEAT: dict[str, Entry] = {
    "calculate-night": daily(1, 0, "billing.tasks.calculate_night"),
    "settle-year": daily(2, 30, "billing.tasks.settle_year"),
    "redraft-touched": every_minute("billing.tasks.redraft_touched"),
    "accrue-penalties": daily(3, 0, "debt.tasks.accrue_penalties"),
    "close-day": daily(0, 30, "payments.tasks.close_day"),
    "issue-documents": monthly(2, 5, 0, "epd.tasks.issue_month"),  # delivered by the 5th: ч. 2 ст. 155 ЖК РФ
    "issue-late-documents": monthly(5, 5, 0, "epd.tasks.issue_month"),  # of what was held or posted later
    "send-letters": every_minute("epd.tasks.send_letters"),
    "fetch-answers": hourly(20, "epd.tasks.fetch_answers"),
    "ask-undecided": every_minute("payments.tasks.ask_undecided"),
    "send-receipts": every_minute("payments.tasks.send_receipts"),
    "fetch-registers": every_minute("payments.tasks.fetch_registers"),
    "order-reports": hourly(10, "portals.tasks.order_reports"),
    "refresh-sums": hourly(45, "portals.tasks.refresh_sums"),
    "send-reports": every_minute("portals.tasks.send_reports"),
    "make-notices": {"task": "portals.tasks.make_notices", "schedule": crontab(minute="*/10"), "kwargs": {}},
    "send-notices": every_minute("portals.tasks.send_notices"),
    "charge-autopayments": hourly(20, "portals.tasks.charge_autopayments"),
    "remit-day": working_days(9, 0, "payments.tasks.remit_day"),  # ПП № 253, п. 6
}
