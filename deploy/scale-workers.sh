#!/bin/sh
# Keeps one Compose worker for each 200 tasks that wait, between LEAST and MOST of them.
# Needs curl, and in TOKEN an API token (docker compose exec api alexandria users token NAME).
set -eu
: "${TOKEN:?set TOKEN to an API token}"
url=${URL:-http://127.0.0.1:8000} least=${LEAST:-1} most=${MOST:-8}
while sleep "${SECONDS_BETWEEN:-15}"; do
    waiting=$(curl -fsS -H "Authorization: Bearer $TOKEN" "$url/metrics" |
        awk '/^alexandria_queue_depth/ && !/"delayed"/ {sum += $2} END {print int(sum)}') || continue
    wanted=$((waiting / 200 + 1))
    if [ "$wanted" -lt "$least" ]; then wanted=$least; fi
    if [ "$wanted" -gt "$most" ]; then wanted=$most; fi
    docker compose up --detach --no-recreate --scale worker="$wanted" worker
done
