package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Result is one line of what check prints.
type Result struct {
	Target string `json:"target"`
	OK     bool   `json:"ok"`
	Seen   string `json:"seen"`
}

// check tries every target at once and prints one JSON line for each, in the order given.
// A target is a URL or "dns:NAME". What fails is part of the answer, not an error.
func check(arguments []string) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	timeout := flags.Duration("timeout", 3*time.Second, "limit for each try")
	patience := flags.Duration("patience", 6*time.Second, "how long a target is tried again")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	results := make([]Result, flags.NArg())
	var all sync.WaitGroup
	for i, target := range flags.Args() {
		all.Go(func() { results[i] = try(target, *timeout, *patience) })
	}
	all.Wait()
	out := json.NewEncoder(os.Stdout)
	for _, result := range results {
		if err := out.Encode(result); err != nil {
			return err
		}
	}
	return nil
}

func try(target string, timeout, patience time.Duration) Result {
	one := fetch
	if strings.HasPrefix(target, "dns:") {
		one = resolve
	}
	for end := time.Now().Add(patience); ; time.Sleep(300 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		seen, err := one(ctx, target)
		cancel()
		if err == nil {
			return Result{Target: target, OK: true, Seen: seen}
		}
		if time.Now().After(end) {
			return Result{Target: target, Seen: err.Error()}
		}
	}
}

func resolve(ctx context.Context, target string) (string, error) {
	found, err := net.DefaultResolver.LookupHost(ctx, strings.TrimPrefix(target, "dns:"))
	return strings.Join(found, " "), err
}

func fetch(ctx context.Context, target string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 400))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return strings.TrimSpace(string(body)), err
}
