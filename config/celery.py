"""The Celery application: `celery -A config worker`, `celery -A config beat`."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@app.on_after_finalize.connect
def load_schedule(sender: Celery, **_: Any) -> None:
    """Beat's DatabaseScheduler writes `beat_schedule` into its tables when it starts."""
    from config.schedule import BEAT

    sender.conf.beat_schedule = BEAT


@setup_logging.connect
def use_django_logging(**_: Any) -> None:
    logging.config.dictConfig(settings.LOGGING)
