//go:build tools

// Package tools names the program whose version go.mod pins.
package tools

import _ "github.com/slsa-framework/slsa-verifier/v2/cli/slsa-verifier"
