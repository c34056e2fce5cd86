#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl disable kubelet.service 2>/dev/null || true
    systemctl daemon-reload
fi
