# docker build -t llm-relay .
# docker run -p 8000:8000 -v llm-relay-data:/app/data -e MANAGEMENT_TOKEN=... llm-relay
#
# Both architectures: docker buildx build --platform linux/amd64,linux/arm64 .
FROM python:3.13-slim AS wheels
COPY requirements/base.txt .
RUN pip wheel --no-cache-dir --wheel-dir /wheels --requirement base.txt

FROM python:3.13-slim
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --no-deps /wheels/*.whl \
    && useradd --system --home-dir /app --no-create-home appuser \
    && install --directory --mode 0700 --owner appuser /app/data /app/logs \
    && install --directory --mode 0755 /app/config /app/certs
WORKDIR /app
COPY --chown=root:root . .
# What Python would write at its first start is written here: the root file system may be read-only.
RUN python -m compileall -q accounts deploy logs_app proxy relay
ENV HOST=0.0.0.0 CONFIG_DIR=/app/config CA_CERTIFICATES=/app/certs PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER appuser
VOLUME ["/app/data", "/app/logs", "/app/config", "/app/certs"]
EXPOSE 8000
# Running requests may finish: give `docker stop` at least GRACE_SECONDS.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-m", "deploy.healthcheck"]
ENTRYPOINT ["python", "manage.py"]
CMD ["serve"]
