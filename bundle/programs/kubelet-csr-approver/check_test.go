package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

func request(t *testing.T, change func(*x509.CertificateRequest, *Request)) Request {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.CertificateRequest{
		Subject:     pkix.Name{CommonName: "system:node:w1", Organization: []string{"system:nodes"}},
		DNSNames:    []string{"w1"},
		IPAddresses: []net.IP{net.ParseIP("192.0.2.21")},
	}
	r := Request{
		Username: "system:node:w1",
		Groups:   []string{"system:nodes", "system:authenticated"},
		Usages:   []string{"digital signature", "server auth"},
	}
	change(template, &r)
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		t.Fatal(err)
	}
	r.PEM = append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), r.PEM...)
	return r
}

func policy() Policy {
	return Policy{
		Names:    regexp.MustCompile("^(cp1|w1)$"),
		Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		Addresses: map[string][]netip.Addr{
			"cp1": {netip.MustParseAddr("192.0.2.11")},
			"w1":  {netip.MustParseAddr("192.0.2.21")},
		},
	}
}

func TestCheck(t *testing.T) {
	type change = func(*x509.CertificateRequest, *Request)
	cases := map[string]struct {
		change change
		denied string
	}{
		"an honest kubelet": {func(*x509.CertificateRequest, *Request) {}, ""},
		"another node's address": {func(c *x509.CertificateRequest, _ *Request) {
			c.IPAddresses = []net.IP{net.ParseIP("192.0.2.11")}
		}, "address 192.0.2.11"},
		"an address outside": {func(c *x509.CertificateRequest, _ *Request) {
			c.IPAddresses = append(c.IPAddresses, net.ParseIP("10.96.0.1"))
		}, "address 10.96.0.1"},
		"the API server's name": {func(c *x509.CertificateRequest, _ *Request) {
			c.DNSNames = []string{"kubernetes.default.svc"}
		}, "DNS names"},
		"two names":     {func(c *x509.CertificateRequest, _ *Request) { c.DNSNames = []string{"w1", "w2"} }, "DNS names"},
		"no name":       {func(c *x509.CertificateRequest, _ *Request) { c.DNSNames, c.IPAddresses = nil, nil }, "neither"},
		"a mail":        {func(c *x509.CertificateRequest, _ *Request) { c.EmailAddresses = []string{"a@b.c"} }, "mail"},
		"other subject": {func(c *x509.CertificateRequest, _ *Request) { c.Subject.CommonName = "system:node:cp1" }, "common name"},
		"masters": {func(c *x509.CertificateRequest, _ *Request) {
			c.Subject.Organization = []string{"system:masters"}
		}, "organisation"},
		"not a node":     {func(_ *x509.CertificateRequest, r *Request) { r.Username = "eve" }, "not a node's user"},
		"no node group":  {func(_ *x509.CertificateRequest, r *Request) { r.Groups = nil }, "not a node's user"},
		"unknown node":   {func(_ *x509.CertificateRequest, r *Request) { r.Username = "system:node:evil-w1" }, "not allowed"},
		"client usage":   {func(_ *x509.CertificateRequest, r *Request) { r.Usages = append(r.Usages, "client auth") }, "client auth"},
		"no server auth": {func(_ *x509.CertificateRequest, r *Request) { r.Usages = nil }, "lack"},
		"too long":       {func(_ *x509.CertificateRequest, r *Request) { r.ExpirationSeconds = 1 << 30 }, "seconds"},
		"more than one":  {func(_ *x509.CertificateRequest, r *Request) { r.PEM = []byte("more") }, "one PEM block"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := policy().Check(request(t, c.change), 367*24*3600)
			switch {
			case c.denied == "" && err != nil:
				t.Fatalf("denied: %v", err)
			case c.denied != "" && (err == nil || !strings.Contains(err.Error(), c.denied)):
				t.Fatalf("wanted a denial with %q, got %v", c.denied, err)
			}
		})
	}
}

func TestPrefixesAloneDecideWithoutAddresses(t *testing.T) {
	p := policy()
	p.Addresses = nil
	other := request(t, func(c *x509.CertificateRequest, _ *Request) {
		c.IPAddresses = []net.IP{net.ParseIP("192.0.2.99")}
	})
	if err := p.Check(other, 1); err != nil {
		t.Fatal(err)
	}
}

func TestLookedUpAddressesBind(t *testing.T) {
	p := policy()
	p.Addresses = nil
	p.Lookup = func(string) ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("192.0.2.50")}, nil }
	if err := p.Check(request(t, func(*x509.CertificateRequest, *Request) {}), 1); err == nil {
		t.Fatal("an address that the name does not resolve to was accepted")
	}
}
