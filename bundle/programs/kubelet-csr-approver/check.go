package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

const (
	kubeletServing = "kubernetes.io/kubelet-serving"
	nodeUserPrefix = "system:node:"
)

// Policy says which kubelets may have which names and addresses in their serving certificates.
type Policy struct {
	Names     *regexp.Regexp
	Prefixes  []netip.Prefix
	Addresses map[string][]netip.Addr                 // by node name; empty: the prefixes alone decide
	Lookup    func(name string) ([]netip.Addr, error) // nil: names are not looked up
}

// Request is what a CertificateSigningRequest says, as far as the decision needs it.
type Request struct {
	Username          string
	Groups            []string
	Usages            []string
	ExpirationSeconds int
	PEM               []byte
}

// Check returns why the request has to be denied, or nil when it may be approved.
func (p Policy) Check(r Request, maxSeconds int) error {
	node, isNode := strings.CutPrefix(r.Username, nodeUserPrefix)
	if !isNode || !slices.Contains(r.Groups, "system:nodes") {
		return fmt.Errorf("%q is not a node's user", r.Username)
	}
	if !p.Names.MatchString(node) {
		return fmt.Errorf("node name %q is not allowed", node)
	}
	if r.ExpirationSeconds > maxSeconds {
		return fmt.Errorf("asks for %d seconds, at most %d are allowed", r.ExpirationSeconds, maxSeconds)
	}
	if err := checkUsages(r.Usages); err != nil {
		return err
	}
	certificate, err := parse(r.PEM)
	if err != nil {
		return err
	}
	if err := checkSubject(certificate, r.Username); err != nil {
		return err
	}
	return p.checkNames(certificate, node)
}

func checkUsages(usages []string) error {
	if !slices.Contains(usages, "server auth") {
		return fmt.Errorf("usages %q lack \"server auth\"", usages)
	}
	for _, usage := range usages {
		if !slices.Contains([]string{"server auth", "digital signature", "key encipherment"}, usage) {
			return fmt.Errorf("usage %q is not one of a serving certificate", usage)
		}
	}
	return nil
}

func parse(data []byte) (*x509.CertificateRequest, error) {
	block, rest := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, fmt.Errorf("the request is not one PEM block of a certificate request")
	}
	certificate, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the request cannot be read: %w", err)
	}
	if err := certificate.CheckSignature(); err != nil {
		return nil, fmt.Errorf("the request's signature is wrong: %w", err)
	}
	return certificate, nil
}

func checkSubject(c *x509.CertificateRequest, username string) error {
	if c.Subject.CommonName != username {
		return fmt.Errorf("common name %q is not the user %q", c.Subject.CommonName, username)
	}
	if !slices.Equal(c.Subject.Organization, []string{"system:nodes"}) {
		return fmt.Errorf("organisation %q is not system:nodes", c.Subject.Organization)
	}
	if len(c.EmailAddresses) > 0 || len(c.URIs) > 0 {
		return fmt.Errorf("mail addresses or URIs among the alternative names")
	}
	return nil
}

func (p Policy) checkNames(c *x509.CertificateRequest, node string) error {
	if len(c.DNSNames) > 1 || len(c.DNSNames) == 1 && c.DNSNames[0] != node {
		return fmt.Errorf("DNS names %q are not the node's name %q", c.DNSNames, node)
	}
	if len(c.DNSNames)+len(c.IPAddresses) == 0 {
		return fmt.Errorf("neither a DNS name nor an address")
	}
	allowed, err := p.allowed(node)
	if err != nil {
		return err
	}
	for _, ip := range c.IPAddresses {
		address, ok := netip.AddrFromSlice(ip)
		if !ok || !allowed(address.Unmap()) {
			return fmt.Errorf("address %s is not one of node %s", ip, node)
		}
	}
	return nil
}

func (p Policy) allowed(node string) (func(netip.Addr) bool, error) {
	known := p.Addresses[node]
	if len(p.Addresses) > 0 && len(known) == 0 {
		return nil, fmt.Errorf("no addresses are declared for node %q", node)
	}
	if p.Lookup != nil {
		found, err := p.Lookup(node)
		if err != nil {
			return nil, fmt.Errorf("node name %q cannot be looked up: %w", node, err)
		}
		known = append(slices.Clone(known), found...)
	}
	within := func(a netip.Addr) bool {
		return slices.ContainsFunc(p.Prefixes, func(prefix netip.Prefix) bool { return prefix.Contains(a) })
	}
	return func(a netip.Addr) bool { return within(a) && (len(known) == 0 || slices.Contains(known, a)) }, nil
}
