#!/usr/bin/env bash
# The floor: the same work as `cluster.up` on existing nodes, with plain parallel SSH, apt, kubeadm and helm, and nothing else.
# It checks nothing, repairs nothing and can be run once on fresh nodes only: it tells what the work itself costs.
#
# From the environment (gongbang/bench.py sets them):
#   SSH_CONFIG     file for ssh -F, with one Host entry per node       NODES    "name=address ..." control plane first
#   APT            base URL of the apt repositories                    APT_KEY  file with their signing key
#   REGISTRY       host:port of the image registry                     CA       file with its certificate authority
#   VERSION POD_NETWORK SERVICE_NETWORK ENDPOINT DEBIAN                RESOLVER nameserver for pods
#   CHARTS         folder with the charts                              RELEASES "name|namespace|chart|file with values ..." CNI first
#   KUBEADM        file with the kubeadm configuration of the first control plane
#   PACKAGES       the packages of a node                              SANDBOX  image of the pods' sandboxes
set -euo pipefail

read -ra nodes <<<"$NODES"
first=${nodes[0]%%=*}
minor=${VERSION%.*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

on() { ssh -F "$SSH_CONFIG" "$1" sudo bash -euo pipefail -s; }

everywhere() { # the script on standard input, on all nodes at once; any failure ends the run
    local script node pids=()
    script=$(cat)
    for node in "${nodes[@]}"; do
        on "${node%%=*}" <<<"$script" >"$work/${node%%=*}.log" 2>&1 &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || { tail -n 20 "$work"/*.log >&2; exit 1; }; done
}

hosts=$(for node in "${nodes[@]}"; do echo "${node#*=} ${node%%=*}"; done; echo "${nodes[0]#*=} $ENDPOINT")
mirrors="registry.k8s.io ghcr.io docker.io registry.gongbang.internal"

everywhere <<EOF
echo '$hosts' >>/etc/hosts
mkdir -p /etc/gongbang
printf 'nameserver %s\n' '$RESOLVER' >/etc/gongbang/resolv.conf
printf 'net.ipv4.ip_forward = 1\n' >/etc/sysctl.d/90-floor.conf
sysctl -q -p /etc/sysctl.d/90-floor.conf
cat >/etc/apt/keyrings/floor.asc <<'KEY'
$(cat "$APT_KEY")
KEY
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
for repo in kubernetes/v$minor containerd helm debian-$DEBIAN; do
    echo "deb [signed-by=/etc/apt/keyrings/floor.asc] $APT/\$repo/ /"
done >/etc/apt/sources.list
apt-get -qq update
mkdir -p /etc/containerd /etc/docker
for mirror in $mirrors; do
    mkdir -p /etc/containerd/certs.d/\$mirror
    cat >/etc/containerd/certs.d/\$mirror/ca.crt <<'CA'
$(cat "$CA")
CA
    printf '[host."https://$REGISTRY/v2/%s"]\n  capabilities = ["pull", "resolve"]\n  override_path = true\n  ca = "/etc/containerd/certs.d/%s/ca.crt"\n' \
        \$mirror \$mirror >/etc/containerd/certs.d/\$mirror/hosts.toml
done
cat >/etc/containerd/config.toml <<'TOML'
version = 3
[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "/etc/containerd/certs.d"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "$SANDBOX"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    SystemdCgroup = true
TOML
DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends -o Dpkg::Options::=--force-confold $PACKAGES
systemctl restart containerd
kubeadm config images list --kubernetes-version $VERSION 2>/dev/null | grep -E 'pause|kube-proxy' | xargs -P4 -n1 crictl -r unix:///run/containerd/containerd.sock pull
EOF

on "$first" <<EOF >"$work/init.log" 2>&1 || { tail -n 30 "$work/init.log" >&2; exit 1; }
cat >/root/floor.yaml <<'YAML'
$(cat "$KUBEADM")
YAML
kubeadm init --config /root/floor.yaml
EOF

tar -C "$CHARTS" -cz . | ssh -F "$SSH_CONFIG" "$first" 'sudo mkdir -p /root/charts && sudo tar -C /root/charts -xz'

release() { # name|namespace|chart|file with values
    local name namespace chart values
    IFS='|' read -r name namespace chart values <<<"$1"
    on "$first" <<EOF
export KUBECONFIG=/etc/kubernetes/admin.conf
cat >/root/$name.json <<'VALUES'
$(cat "$values")
VALUES
helm upgrade --install $name /root/charts/$chart --namespace $namespace --create-namespace --values /root/$name.json $2 >/dev/null
EOF
}

read -ra releases <<<"$RELEASES"
release "${releases[0]}" ""

join=$(on "$first" <<<'kubeadm token create --ttl 15m --print-join-command' 2>/dev/null | tail -n 1)
joins=()
for node in "${nodes[@]:1}"; do
    on "${node%%=*}" <<<"$join --ignore-preflight-errors=SystemVerification,Swap" >"$work/${node%%=*}.log" 2>&1 &
    joins+=($!)
done
for pid in "${joins[@]}"; do wait "$pid" || { tail -n 20 "$work"/*.log >&2; exit 1; }; done
for item in "${releases[@]:1}"; do release "$item" "" & done
wait
for item in "${releases[@]}"; do release "$item" "--wait --timeout 5m"; done
on "$first" <<<'kubectl --kubeconfig /etc/kubernetes/admin.conf wait --for=condition=Ready node --all --timeout=5m' >/dev/null
