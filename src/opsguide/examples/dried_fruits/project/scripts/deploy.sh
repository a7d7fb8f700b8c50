#!/bin/sh
# Deploy what is in this folder: back up (unless --no-backup), apply migrations, restart the API, see that it is healthy.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
PATH="$here/bin:$PATH"
compose="docker-compose -f docker-compose.prod.yml"
case ${1:-} in
"") ./scripts/backup.sh --skip-logs ;;
--no-backup) echo "deploy: without a backup, as asked" ;;
*) echo "deploy: unknown option $1" >&2; exit 2 ;;
esac
$compose exec -T api python -c "from app.database import migrate; migrate()"
$compose restart api
tries=0
until $compose exec -T api sh -c 'curl -fsS -o /dev/null "$HEALTH_URL"'; do
    tries=$((tries + 1))
    [ $tries -lt 10 ] || { echo "deploy: the API is not healthy; see scripts and roll back" >&2; exit 1; }
    sleep 1
done
echo "deployed: the API is healthy"
