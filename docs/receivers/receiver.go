// Receive signed webhooks with Go's standard library, version 1.21 or later.
//
//	SECRET=... PORT=8900 go run receiver.go
//
// For production put a proxy with TLS in front of it, one that does not rewrite paths.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	window     = 5 * time.Minute
	maxBody    = 64 << 20
	remembered = 10_000
	dateLayout = "2006-01-02T15:04:05.000000Z"
)

var (
	secret   = []byte(os.Getenv("SECRET")) // As it was shown: not decoded.
	fixedNow = os.Getenv("BI_NOW")         // For tests only: a clock that stands still.
)

// verify returns the text of a genuine delivery; raw is the body as it came.
func verify(r *http.Request, raw []byte) ([]byte, error) {
	body := raw
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gunzip(raw)
		if err != nil {
			return nil, errors.New("gzip")
		}
		body = unpacked
	}
	date := r.Header.Get("BI-Signature-Date")
	// RequestURI is as on the wire; r.URL.Path is decoded.
	path, _, _ := strings.Cut(r.RequestURI, "?")
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.%s.", r.Method, path, date)
	mac.Write(body)
	expected := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	// In constant time.
	if !hmac.Equal([]byte(expected), []byte(r.Header.Get("BI-Signature"))) {
		return nil, errors.New("signature")
	}
	signedAt, err := time.Parse(dateLayout, date)
	if err != nil {
		return nil, errors.New("date")
	}
	if age := now().Sub(signedAt); age > window || age < -window {
		return nil, errors.New("date")
	}
	return body, nil
}

// gunzip unpacks up to 64 MB: a few bytes can become gigabytes.
func gunzip(raw []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(reader, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errors.New("too large")
	}
	return body, err
}

func now() time.Time {
	if fixedNow == "" {
		return time.Now()
	}
	fixed, err := time.Parse(dateLayout, fixedNow)
	if err != nil {
		log.Fatal(err)
	}
	return fixed
}

// deliveryID is the id in the body, which is signed; CFONB files have it in a header.
func deliveryID(r *http.Request, body []byte) string {
	var told struct {
		ID json.Number `json:"id_webhook_data"`
	}
	if json.Unmarshal(body, &told) == nil && told.ID != "" {
		return told.ID.String()
	}
	return r.Header.Get("X-Webhook-Data-Id")
}

// seen has the latest ids. In production: a unique column, in your transaction.
type seen struct {
	sync.Mutex
	ids   map[string]bool
	order []string
}

func (s *seen) add(id string) bool {
	s.Lock()
	defer s.Unlock()
	if s.ids[id] {
		return false
	}
	s.ids[id] = true
	s.order = append(s.order, id)
	if len(s.order) > remembered {
		delete(s.ids, s.order[0])
		s.order = s.order[1:]
	}
	return true
}

func main() {
	if len(secret) == 0 {
		log.Fatal("SECRET is not set.")
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8900"
	}
	known := &seen{ids: map[string]bool{}}
	// A handler of its own: http.ServeMux would redirect paths that it cleans.
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)) // First the raw body.
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		body, err := verify(r, raw)
		if err != nil {
			fmt.Println("refused:", err)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		verb, id := "duplicate", deliveryID(r, body)
		if known.add(id) {
			verb = "accepted" // Keep the body, answer at once, and work on it afterwards.
		}
		fmt.Println(verb, id)
		w.WriteHeader(http.StatusNoContent)
	})
	server := &http.Server{
		Addr:              "127.0.0.1:" + port,
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}
