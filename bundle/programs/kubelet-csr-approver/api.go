package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	accountDir  = "/var/run/secrets/kubernetes.io/serviceaccount/"
	csrPath     = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
	watchPeriod = 4 * time.Minute
)

// API is a client for the few calls that this program makes.
type API struct {
	base   string
	client *http.Client
}

// CSR is a CertificateSigningRequest: the fields that are judged, and the whole of it to send back.
type CSR struct {
	Metadata struct {
		Name            string `json:"name"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Spec struct {
		SignerName        string   `json:"signerName"`
		Username          string   `json:"username"`
		Groups            []string `json:"groups"`
		Usages            []string `json:"usages"`
		ExpirationSeconds int      `json:"expirationSeconds"`
		Request           []byte   `json:"request"`
	} `json:"spec"`
	Status struct {
		Conditions []json.RawMessage `json:"conditions"`
	} `json:"status"`
	whole map[string]any
}

// UnmarshalJSON keeps the whole object beside the fields.
func (c *CSR) UnmarshalJSON(data []byte) error {
	type fields CSR
	if err := json.Unmarshal(data, (*fields)(c)); err != nil {
		return err
	}
	return json.Unmarshal(data, &c.whole)
}

// NewAPI reads the pod's service account; the control plane's address comes from the environment.
func NewAPI() (*API, error) {
	ca, err := os.ReadFile(accountDir + "ca.crt")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("no certificate in %sca.crt", accountDir)
	}
	host := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return &API{base: "https://" + host, client: &http.Client{Transport: transport}}, nil
}

// call sends one request with the token of now (tokens are renewed on disk) and returns the open body.
func (a *API) call(ctx context.Context, method, path string, query url.Values, body []byte) (io.ReadCloser, error) {
	token, err := os.ReadFile(accountDir + "token")
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, a.base+path+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000))
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return response.Body, nil
}

func servingOnly() url.Values {
	return url.Values{"fieldSelector": {"spec.signerName=" + kubeletServing}}
}

// List returns the requests that exist and the version to watch from.
func (a *API) List(ctx context.Context) ([]CSR, string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	body, err := a.call(ctx, http.MethodGet, csrPath, servingOnly(), nil)
	if err != nil {
		return nil, "", err
	}
	defer body.Close()
	var list struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Items []CSR `json:"items"`
	}
	err = json.NewDecoder(body).Decode(&list)
	return list.Items, list.Metadata.ResourceVersion, err
}

// Watch calls seen for each request that is added or changed, until the server ends the watch.
func (a *API) Watch(ctx context.Context, version string, seen func(CSR)) error {
	ctx, cancel := context.WithTimeout(ctx, watchPeriod+20*time.Second)
	defer cancel()
	query := servingOnly()
	query.Set("watch", "1")
	query.Set("resourceVersion", version)
	query.Set("timeoutSeconds", fmt.Sprint(int(watchPeriod.Seconds())))
	body, err := a.call(ctx, http.MethodGet, csrPath, query, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	events := json.NewDecoder(body)
	for {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := events.Decode(&event); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if event.Type != "ADDED" && event.Type != "MODIFIED" {
			if event.Type == "ERROR" {
				return fmt.Errorf("watch: %s", event.Object)
			}
			continue
		}
		var csr CSR
		if err := json.Unmarshal(event.Object, &csr); err != nil {
			return err
		}
		seen(csr)
	}
}

// Decide writes the decision into the request's approval.
func (a *API) Decide(ctx context.Context, csr CSR, kind, reason, message string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	csr.whole["status"] = map[string]any{"conditions": []map[string]string{{
		"type": kind, "status": "True", "reason": reason, "message": message,
		"lastUpdateTime": time.Now().UTC().Format(time.RFC3339),
	}}}
	data, err := json.Marshal(csr.whole)
	if err != nil {
		return err
	}
	body, err := a.call(ctx, http.MethodPut, csrPath+"/"+csr.Metadata.Name+"/approval", nil, data)
	if err != nil {
		return err
	}
	return body.Close()
}
