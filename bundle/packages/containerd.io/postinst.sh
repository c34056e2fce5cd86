#!/bin/sh
set -e
if [ "$1" != configure ] || [ ! -d /run/systemd/system ]; then
    exit 0
fi
systemctl daemon-reload
if [ -n "$2" ]; then
    deb-systemd-invoke try-restart containerd.service || true
else
    deb-systemd-helper enable containerd.service || true
    deb-systemd-invoke start containerd.service || true
fi
