"""What makes a certificate new: that depends on who made it, and on the node that it lies on. Pure."""

from __future__ import annotations

from gongbang.status.report import CertificateStatus

KUBERNETES = "/etc/kubernetes/"
KUBELET = "/var/lib/kubelet/pki/"
CLIENT = f"{KUBELET}kubelet-client-current.pem"
SERVER = f"{KUBELET}kubelet-server-current.pem"
KUBELET_CONF = f"{KUBERNETES}kubelet.conf"
AUTHORITIES = {f"{KUBERNETES}pki/{name}" for name in ("ca.crt", "etcd/ca.crt", "front-proxy-ca.crt")}
LEAVES = {
    f"{KUBERNETES}{name}"
    for name in (
        "pki/apiserver.crt", "pki/apiserver-kubelet-client.crt", "pki/apiserver-etcd-client.crt",
        "pki/front-proxy-client.crt", "pki/etcd/server.crt", "pki/etcd/peer.crt", "pki/etcd/healthcheck-client.crt",
        "admin.conf", "super-admin.conf", "controller-manager.conf", "scheduler.conf",
    )
}  # fmt: skip
"""What `kubeadm certs renew all` renews, on a control plane."""
STATIC_PODS = "^(etcd|kube-apiserver|kube-controller-manager|kube-scheduler)$"
BY_HAND = "https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/"
JOIN_AGAIN = f"rm {KUBELET_CONF}; then ./inv cluster.up joins it again"
"""A worker with a kubelet's configuration and without this file is reset and joined by the role worker."""
INIT = "kubeadm init phase {} --config /etc/gongbang/kubeadm.yml"


def fix(one: CertificateStatus, *, control_plane: bool) -> str:
    """The command that makes this certificate new, or what is true where there is none."""
    if one.file in (CLIENT, KUBELET_CONF):
        return client(one, control_plane=control_plane)
    if one.file == SERVER:
        restart = f"on {one.node}: systemctl restart kubelet"
        return f"the kubelet asks for a new one by itself; {restart}; kubectl get csr shows requests that nobody has approved"
    if one.file in AUTHORITIES:
        return authority(one, control_plane=control_plane)
    if control_plane and one.file in LEAVES:
        stop = f"crictl stop $(crictl ps --quiet --name '{STATIC_PODS}')"
        return f"on {one.node}: kubeadm certs renew all && {stop}; then ./inv cluster.up fetches the new kubeconfig"
    return f"kubeadm does not renew this file, who made it does; if nobody needs it, on {one.node}: rm {one.file}"


def client(one: CertificateStatus, *, control_plane: bool) -> str:
    """A kubelet renews its own as long as it has not ended; afterwards the API knows it no more."""
    if one.days_left >= 0:
        return f"the kubelet renews it by itself; on {one.node}: systemctl restart kubelet; journalctl -u kubelet says what keeps it"
    if not control_plane:
        return f"on {one.node}: {JOIN_AGAIN}"
    steps = (
        f"rm -f {KUBELET_CONF} {KUBELET}kubelet-client-*",
        INIT.format("kubeconfig kubelet"),
        "systemctl restart kubelet",
        f"until [ -e {CLIENT} ]; do sleep 1; done",
        INIT.format("kubelet-finalize all"),
    )
    return f"on {one.node}: {'; '.join(steps)}"


def authority(one: CertificateStatus, *, control_plane: bool) -> str:
    """Nothing renews an authority; a worker has a copy of it without its key."""
    if not control_plane:
        return f"it is a copy of the control plane's; when that one is new, on {one.node}: {JOIN_AGAIN}"
    return f"nothing renews an authority by itself; by hand: {BY_HAND}; or a new cluster: ./inv cluster.reset, then ./inv cluster.up"
