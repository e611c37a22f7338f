// Asks Notation itself about the envelopes of testdata/images/fixtures.json, and prints what it says to each.
// Whoever leads to the trust store may sign: whose name is asked for is a matter of configuration, not of envelopes.
package main

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const envelope = "application/jose+json"

type fixtures struct {
	Image, Manifest string
	Certificates    map[string]string
	Candidates      map[string]struct{ MediaType, Text string }
}

// store holds one certificate under each name.
type store map[string]*x509.Certificate

func (s store) GetCertificates(_ context.Context, _ truststore.Type, name string) ([]*x509.Certificate, error) {
	return []*x509.Certificate{s[name]}, nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("usage: notation FIXTURES")
	}
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	var all fixtures
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	known := store{}
	for _, name := range []string{"acme", "time"} {
		block, _ := pem.Decode([]byte(all.Certificates[name]))
		if block == nil {
			return errors.New("no certificate")
		}
		if known[name], err = x509.ParseCertificate(block.Bytes); err != nil {
			return err
		}
	}
	policy := &trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{{
		Name: "images", RegistryScopes: []string{"*"}, TrustStores: []string{"ca:acme", "tsa:time"},
		SignatureVerification: trustpolicy.SignatureVerification{
			VerificationLevel: "strict", VerifyTimestamp: trustpolicy.OptionAfterCertExpiry,
		},
		TrustedIdentities: []string{"*"},
	}}}
	asked, err := verifier.New(policy, known, nil)
	if err != nil {
		return err
	}
	image := ocispec.Descriptor{
		MediaType: ocispec.MediaTypeImageManifest,
		Digest:    digest.NewDigestFromEncoded(digest.SHA256, all.Image),
		Size:      int64(len(all.Manifest)),
	}
	options := notation.VerifierVerifyOptions{
		ArtifactReference:  "registry.test/shop/odoo@" + image.Digest.String(),
		SignatureMediaType: envelope,
	}
	said := map[string]bool{}
	for name, one := range all.Candidates {
		// That one depends on the day on which somebody asks.
		if one.MediaType == envelope && name != "notation-expiring" {
			_, err := asked.Verify(context.Background(), image, []byte(one.Text), options)
			said[name] = err == nil
		}
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	return out.Encode(said)
}
