// A registry of OCI artifacts on this machine, in memory: go-containerregistry's own, which lists what refers to a
// manifest only where it is told to. Prints its address; with a password, it lets in nobody else.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	referrers := flag.Bool("referrers", false, "list what refers to a manifest")
	password := flag.String("password", "", "of the user `ci`")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	handler := registry.New(quiet, registry.WithReferrersSupport(*referrers))
	log.Fatal(http.Serve(listener, guarded(handler, *password)))
}

func guarded(handler http.Handler, password string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, given, _ := r.BasicAuth()
		if password != "" && (user != "ci" || given != password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			http.Error(w, "who is it?", http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
