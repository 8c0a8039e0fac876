#!/bin/sh
# Started by cron at boot: the tunnel first, then the slave.
cd "$(dirname "$0")" || exit 1
stunnel stunnel.conf && exec buildslave start slave
