# The image of web, worker and beat: docker-compose.yml says which command each runs.

FROM python:3.11-slim-bookworm AS build
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /srv/trial
COPY requirements.txt .
RUN pip install --require-hashes -r requirements.txt
COPY . .
# What is made from the sources needs neither the database nor the secrets of the running trial.
RUN export SECRET_KEY=for-the-build-only DATABASE_URL=sqlite://:memory: \
  && python -m trial_site.catalogues \
  && python manage.py build_figures_bundle \
  && python manage.py collectstatic --noinput

FROM python:3.11-slim-bookworm
# The image has no repository: what every report names as its code is told here.
ARG CODE_VERSION=unknown
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH CODE_VERSION=$CODE_VERSION
RUN useradd --system --uid 10001 --no-create-home trial
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/trial /srv/trial
WORKDIR /srv/trial
USER trial
EXPOSE 8000
CMD ["gunicorn", "--config", "python:trial_site.gunicorn", "trial_site.wsgi"]
