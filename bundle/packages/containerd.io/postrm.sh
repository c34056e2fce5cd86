#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    deb-systemd-helper disable containerd.service || true
    systemctl daemon-reload
fi
