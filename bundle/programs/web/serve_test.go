package main

import (
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestRoutes(t *testing.T) {
	var ready atomic.Bool
	handler := routes(&ready)
	for _, c := range []struct {
		path  string
		ready bool
		code  int
	}{
		{"/", true, 200}, {"/healthz", false, 200}, {"/readyz", true, 200}, {"/readyz", false, 503},
		{"/work?ms=1", true, 200}, {"/work?ms=-1", true, 400}, {"/work?ms=99999", true, 400}, {"/nothing", true, 404},
	} {
		ready.Store(c.ready)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest("GET", c.path, nil))
		if answer.Code != c.code {
			t.Errorf("%s (ready=%v): %d, wanted %d", c.path, c.ready, answer.Code, c.code)
		}
	}
}

func TestTrySaysWhatFailed(t *testing.T) {
	var ready atomic.Bool
	server := httptest.NewServer(routes(&ready))
	defer server.Close()
	if got := try(server.URL+"/healthz", time.Second, 0); !got.OK || got.Seen != "ok" {
		t.Errorf("healthz: %+v", got)
	}
	if got := try(server.URL+"/readyz", time.Second, 0); got.OK {
		t.Errorf("not ready was taken for ready: %+v", got)
	}
}
