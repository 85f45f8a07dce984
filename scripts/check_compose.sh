#!/bin/sh
# Whether docker-compose.yml can be read, with the values of .env.example; needs no Docker engine.
set -eu
cd "$(dirname "$0")/.."
if command -v docker-compose >/dev/null; then
  docker-compose --env-file .env.example config --quiet
elif [ "${CI:-}" = true ]; then
  echo "docker-compose is required in CI" >&2
  exit 1
else
  echo "docker-compose is not installed: docker-compose.yml was not checked"
fi
