#!/bin/sh
# Back the shop up: its database, its uploads and its logs. Every archive is whole or not there at all.
#   backup.sh [--skip-logs] [--skip-cleanup]    make one; clean up what is older than 30 days
#   backup.sh --verify                          restore the newest dump into a scratch database and count what is in it
#   backup.sh --restore FILE                    restore a dump into the database dried_fruits_restore, never the shop's own
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
cd "$here"
PATH="$here/bin:$PATH"
compose="docker-compose -f docker-compose.prod.yml"
quiet() { "$@" 2>>logs/backup.err; }
is_postgres() { quiet $compose ps | grep -q '^postgres .*running'; }

dump() {
    if is_postgres; then
        quiet $compose exec -T postgres pg_dump --no-owner -U postgres -d dried_fruits_db
    else
        quiet $compose exec -T api python -m app.dump
    fi
}

# Restores the dump $1 into the database $2, which is made anew, and prints how many orders and tables it holds.
restore() {
    case $1 in -*) echo "backup: which file?" >&2; exit 2 ;; esac
    gzip -t "$1" || { echo "backup: $1 is damaged" >&2; exit 1; }
    if is_postgres; then
        psql="quiet $compose exec -T postgres psql -v ON_ERROR_STOP=1 -qAt -U postgres"
        $psql -d postgres -c "drop database if exists $2" -c "create database $2"
        gzip -dc "$1" | $psql -d "$2" >/dev/null || { echo "backup: $1 does not restore" >&2; exit 1; }
        $psql -d "$2" -c "select count(*) || ' orders' from orders"
    else
        gzip -dc "$1" | quiet $compose exec -T api python -m app.dump check | sed 's/$/ orders/'
    fi
}

newest() { ls backups/database/db_backup_*.sql.gz 2>/dev/null | tail -n 1; }

logs=yes clean=yes
while [ $# -gt 0 ]; do
    case $1 in
    --skip-logs) logs=no ;;
    --skip-cleanup) clean=no ;;
    --verify)
        file=$(newest)
        [ -n "$file" ] || { echo "backup: there is none" >&2; exit 1; }
        found=$(restore "$file" dried_fruits_verify)
        echo "verified: $file holds $found"
        exit 0
        ;;
    --restore)
        [ $# -ge 2 ] || { echo "backup: --restore FILE" >&2; exit 2; }
        found=$(restore "$2" dried_fruits_restore)
        echo "restored: $2 into dried_fruits_restore, $found"
        exit 0
        ;;
    *) echo "backup: unknown option $1" >&2; exit 2 ;;
    esac
    shift
done

stamp=$(date -u +%Y%m%d_%H%M%S)
mkdir -p backups/database backups/uploads backups/logs
plain=backups/database/.part_$stamp.sql
trap 'rm -f "$plain" "$plain.gz"' EXIT
# A pipe would hide the dump's own exit code.
dump >"$plain" || { echo "backup: the database could not be dumped: $(tail -n 1 logs/backup.err)" >&2; exit 1; }
gzip "$plain"
mv "$plain.gz" "backups/database/db_backup_$stamp.sql.gz"
tar -czf "backups/uploads/uploads_$stamp.tar.gz" --warning=no-file-changed -C app uploads || [ $? = 1 ]
[ $logs = no ] || tar -czf "backups/logs/logs_$stamp.tar.gz" --warning=no-file-changed -C app logs || [ $? = 1 ]
[ $clean = no ] || find backups -name '*.gz' -mtime +30 -delete
echo "backed up: backups/database/db_backup_$stamp.sql.gz"
