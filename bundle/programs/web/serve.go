package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	address     = ":8080"
	longestWork = 5 * time.Second
	// How long clients with kept connections are told to come again by a new one, before those are closed.
	farewell = 3 * time.Second
)

// serve answers requests until SIGTERM; then it says "not ready", finishes what has begun and ends.
// WEB_START_DELAY and WEB_DRAIN=false make a bad citizen of it, for tests that have to see requests fail.
func serve() error {
	var ready atomic.Bool
	delay, _ := time.ParseDuration(os.Getenv("WEB_START_DELAY"))
	time.Sleep(delay)
	server := &http.Server{
		Addr:              address,
		Handler:           sayGoodbye(routes(&ready), &ready),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       60 * time.Second,
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.ListenAndServe() }()
	ready.Store(true)
	log.Printf("web %s listens on %s", version, server.Addr)

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-stopped:
		return err
	case got := <-signals:
		log.Printf("%s: draining", got)
	}
	ready.Store(false)
	if os.Getenv("WEB_DRAIN") == "false" {
		return server.Close()
	}
	time.Sleep(farewell)
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

// sayGoodbye ends a kept connection with its next answer once the program is about to end.
func sayGoodbye(next http.Handler, ready *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ready.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func routes(ready *atomic.Bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		host, _ := os.Hostname()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"version": version, "hostname": host, "node": os.Getenv("NODE_NAME"),
		})
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "draining", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /work", work)
	return mux
}

// work keeps one CPU busy for ?ms= milliseconds.
func work(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.Atoi(r.URL.Query().Get("ms"))
	if err != nil || ms < 0 || time.Duration(ms)*time.Millisecond > longestWork {
		http.Error(w, fmt.Sprintf("ms has to be a number from 0 to %d", longestWork.Milliseconds()), http.StatusBadRequest)
		return
	}
	turns := 0
	for end := time.Now().Add(time.Duration(ms) * time.Millisecond); time.Now().Before(end); turns++ {
		if r.Context().Err() != nil {
			return
		}
	}
	fmt.Fprintf(w, "%d turns in %d ms\n", turns, ms)
}
