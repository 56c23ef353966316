# GVRC in one container, with its own PostgreSQL; or with a server named by GVRC_DATABASE_URL.
FROM python:3.12-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv .venv && .venv/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.12-slim
RUN useradd --system --create-home --home-dir /var/lib/gvrc --shell /usr/sbin/nologin gvrc
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY app.py pyproject.toml ./
COPY .streamlit .streamlit
COPY gvrc gvrc
COPY pages pages
COPY data/reference data/reference
COPY data/sources data/sources
RUN .venv/bin/python -m compileall -q app.py gvrc pages
USER gvrc
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 GVRC_HOME=/var/lib/gvrc/home GVRC_HOST=0.0.0.0 GVRC_PORT=8501
VOLUME /var/lib/gvrc
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['GVRC_PORT']}/health\", timeout=4)"]
CMD ["python", "-m", "gvrc.ui.server"]
