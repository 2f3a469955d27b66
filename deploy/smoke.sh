#!/bin/sh
# make docker-smoke: the image alone, as a user would start it, answers and is well.
set -eu
name=llm-relay-smoke
trap 'docker rm --force $name >/dev/null 2>&1' EXIT
docker run --detach --name $name --read-only --tmpfs /tmp --env MANAGEMENT_TOKEN=smoke-0123456789abcdef \
    --publish 127.0.0.1:18000:8000 llm-relay >/dev/null
for _ in $(seq 60); do
    [ "$(docker inspect --format '{{.State.Health.Status}}' $name)" = healthy ] && break
    sleep 1
done
curl --fail --silent --show-error http://127.0.0.1:18000/manage/logs \
    --header "Authorization: Bearer smoke-0123456789abcdef"
docker stop --time 60 $name >/dev/null
[ "$(docker inspect --format '{{.State.ExitCode}}' $name)" = 0 ] && printf '\nThe image is well.\n'
