module gongbang.internal/kubelet-csr-approver

go 1.25
