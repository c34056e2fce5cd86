//go:build tools

// Package tools pins the programs that the bundle builds from this module.
package tools

import (
	_ "github.com/coredns/coredns"
)
