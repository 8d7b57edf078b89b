import gc
import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from epd import quick  # noqa: E402  # the apps are ready now

quick.warm()

# What was imported lives as long as the worker: the collector need not walk it again in the middle of a page.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)

if os.environ.get("DEV_SERVING"):  # `./dev start` waits for this mark before it brings up worker and beat
    Path(os.environ["DEV_SERVING"]).touch()
