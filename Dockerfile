# syntax=docker/dockerfile:1
FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/alexandria
WORKDIR /build
COPY requirements.txt ./
RUN /opt/alexandria/bin/pip install --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/alexandria/bin/pip install --no-deps .

FROM python:3.12-slim-bookworm
# The base image's own release decides: Debian takes older versions away.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tesseract-ocr \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 alexandria \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home alexandria \
    && install -d -o 10001 -g 10001 /data
COPY --from=build /opt/alexandria /opt/alexandria
ENV PATH=/opt/alexandria/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ALEXANDRIA_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000 5555
CMD ["alexandria", "api", "--host", "0.0.0.0", "--port", "8000"]
