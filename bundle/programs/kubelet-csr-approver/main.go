// kubelet-csr-approver approves the serving certificates that kubelets ask for, and denies those whose names or
// addresses are not the asking node's own. Its options are named as those of postfinance's program of that name.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const healthyFor = watchPeriod + time.Minute

type options struct {
	policy     Policy
	maxSeconds int
	health     string
}

func main() {
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		slog.Error("cannot start", "problem", err)
		os.Exit(2)
	}
	api, err := NewAPI()
	if err != nil {
		slog.Error("cannot start", "problem", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	var contact atomic.Int64
	go serveHealth(o.health, &contact)
	for ctx.Err() == nil {
		if err := round(ctx, api, o, &contact); err != nil && ctx.Err() == nil {
			slog.Warn("trying again in a second", "problem", err)
			sleep(ctx, time.Second)
		}
	}
}

// round decides on all requests that exist, then on those that come while one watch lasts.
func round(ctx context.Context, api *API, o options, contact *atomic.Int64) error {
	existing, version, err := api.List(ctx)
	if err != nil {
		return err
	}
	contact.Store(time.Now().Unix())
	for _, csr := range existing {
		decide(ctx, api, o, csr)
	}
	return api.Watch(ctx, version, func(csr CSR) { decide(ctx, api, o, csr) })
}

func decide(ctx context.Context, api *API, o options, csr CSR) {
	if csr.Spec.SignerName != kubeletServing || len(csr.Status.Conditions) > 0 {
		return
	}
	kind, reason, message := "Approved", "NodeServingCertificate", "name and addresses are the node's own"
	denied := o.policy.Check(Request{
		Username: csr.Spec.Username, Groups: csr.Spec.Groups, Usages: csr.Spec.Usages,
		ExpirationSeconds: csr.Spec.ExpirationSeconds, PEM: csr.Spec.Request,
	}, o.maxSeconds)
	if denied != nil {
		kind, reason, message = "Denied", "NotThisNodesCertificate", denied.Error()
	}
	if err := api.Decide(ctx, csr, kind, reason, message); err != nil {
		slog.Warn("decision not written", "csr", csr.Metadata.Name, "problem", err)
		return
	}
	slog.Info(kind, "csr", csr.Metadata.Name, "user", csr.Spec.Username, "why", message)
}

func serveHealth(address string, contact *atomic.Int64) {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if age := time.Since(time.Unix(contact.Load(), 0)); age > healthyFor {
			http.Error(w, "no answer from the API server", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	slog.Error("health endpoint ended", "problem", server.ListenAndServe())
	os.Exit(1)
}

func parseOptions(arguments []string) (options, error) {
	flags := flag.NewFlagSet("kubelet-csr-approver", flag.ContinueOnError)
	names := flags.String("provider-regex", "", "regular expression for node names")
	prefixes := flags.String("provider-ip-prefixes", "", "networks of the nodes, with commas between")
	addresses := flags.String("node-addresses", "", "name=address pairs with commas between; then each node may use its own only")
	bypass := flags.Bool("bypass-dns-resolution", false, "do not look node names up")
	maxSeconds := flags.Int("max-expiration-sec", 367*24*3600, "longest life that may be asked for, in seconds")
	health := flags.String("health-probe-bind-address", "127.0.0.1:10471", "where /healthz listens")
	flags.String("metrics-bind-address", "0", "accepted for compatibility; there are no metrics")
	if err := flags.Parse(arguments); err != nil {
		return options{}, err
	}
	o := options{maxSeconds: *maxSeconds, health: *health}
	var err error
	if *names == "" || *prefixes == "" {
		return o, fmt.Errorf("-provider-regex and -provider-ip-prefixes are needed")
	}
	if o.policy.Names, err = regexp.Compile(*names); err != nil {
		return o, err
	}
	for _, text := range strings.Split(*prefixes, ",") {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return o, err
		}
		o.policy.Prefixes = append(o.policy.Prefixes, prefix)
	}
	if !*bypass {
		o.policy.Lookup = lookup
	}
	o.policy.Addresses, err = parseAddresses(*addresses)
	return o, err
}

func parseAddresses(text string) (map[string][]netip.Addr, error) {
	found := map[string][]netip.Addr{}
	for _, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		address, err := netip.ParseAddr(value)
		if err != nil {
			return nil, fmt.Errorf("-node-addresses: %q is not name=address", pair)
		}
		found[name] = append(found[name], address)
	}
	return found, nil
}

func lookup(name string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found, err
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
