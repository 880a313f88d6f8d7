# The harness itself as an image, for where there is no Python 3.11 or nothing may be installed:
#
#   docker build -f compose/harness.Dockerfile -t dagster-sizing .
#   docker run --rm -v "$PWD:/work" dagster-sizing size RESULT --runs-per-hour 200 --run-duration 45s
#
# Behind a proxy that re-signs TLS, give its certificates as the build secret `ca_bundle`.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS packages
ARG UV_VERSION=0.13.9
COPY pyproject.toml README.md LICENSE requirements.lock /src/
COPY harness /src/harness
COPY workloads /src/workloads
COPY compose /src/compose
RUN --mount=type=secret,id=ca_bundle --mount=type=cache,target=/root/.cache \
    if [ -s /run/secrets/ca_bundle ]; then \
      export PIP_CERT=/run/secrets/ca_bundle SSL_CERT_FILE=/run/secrets/ca_bundle; fi \
 && python3 -m venv /opt/uv && /opt/uv/bin/pip install --disable-pip-version-check -q "uv==$UV_VERSION" \
 && /opt/uv/bin/uv venv -q --python "$(command -v python3)" /opt/venv \
 # what was tested, and nothing newer
 && /opt/uv/bin/uv pip install -q --python /opt/venv/bin/python --compile-bytecode \
      --constraint /src/requirements.lock "/src[cloudwatch]"

FROM ${BASE_IMAGE}
COPY --from=packages /opt/venv /opt/venv
RUN useradd --uid 10001 --no-create-home --home-dir /tmp sizing
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HOME=/tmp
USER sizing
WORKDIR /work
ENTRYPOINT ["dagster-sizing"]
CMD ["--help"]
