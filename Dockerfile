FROM python:3.13-slim AS wheels
COPY requirements/base.txt .
RUN pip wheel --no-cache-dir --wheel-dir /wheels --requirement base.txt

FROM python:3.13-slim
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels /wheels/*.whl \
    && useradd --system --home-dir /app appuser \
    && install --directory --mode 0700 --owner appuser /app/data
WORKDIR /app
COPY --chown=root:root . .
ENV HOST=0.0.0.0 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER appuser
VOLUME /app/data
EXPOSE 8000
# Running requests may finish: give `docker stop` at least GRACE_SECONDS.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ.get(\"PORT\") or 8000}/health', timeout=4)"]
CMD ["python", "manage.py", "serve"]
