//go:build tools

// Package tools pins the programs that the bundle builds from this module.
package tools

import (
	_ "sigs.k8s.io/cri-tools/cmd/crictl"
)
